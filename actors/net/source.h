// Something the loop waits for: a descriptor that becomes readable when there is news. Loop thread.
#pragma once

namespace shoal::actors {

class Source {
public:
  // What to wait for: when it is readable, stir().
  int fd() const { return fd_; }

  // There may be news.
  void stir() { stirred_ = true; }
  bool is_stirred() const { return stirred_; }

protected:
  int fd_ = -1;
  bool stirred_ = true;
};

}  // namespace shoal::actors
