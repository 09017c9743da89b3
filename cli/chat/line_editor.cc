#include "cli/chat/line_editor.h"

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <poll.h>
#include <unistd.h>

#include <histedit.h>

#include "cli/chat/history_file.h"

namespace shoal::cli {
namespace {

struct Binding {
  const char* keys;
  const char* command;
};

// Beside what libedit binds for Emacs: what terminals send for keys that not every terminfo entry names.
constexpr Binding bindings[] = {
    {"^R", "em-inc-search-prev"}, {"\\e[H", "ed-move-to-beg"},       {"\\eOH", "ed-move-to-beg"},
    {"\\e[1~", "ed-move-to-beg"}, {"\\e[F", "ed-move-to-end"},       {"\\eOF", "ed-move-to-end"},
    {"\\e[4~", "ed-move-to-end"}, {"\\e[3~", "ed-delete-next-char"}, {"\\e[1;5D", "ed-prev-word"},
    {"\\e[1;5C", "em-next-word"}, {"^W", "ed-delete-prev-word"}};

// Characters are UTF-8 whatever the environment says, since that is what goes over the wire.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

struct LineEditor::Library {
  explicit Library(Signals& from) : signals(from) {}

  Signals& signals;
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string prompt;
  bool interrupted = false;

  static Library& of(EditLine* editor) {
    void* data = nullptr;
    el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<Library*>(data);
  }

  static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }

  // The next character, 0 at the end of input and -1 to give the line up; as libedit asks for it.
  static int read_character(EditLine* editor, wchar_t* character) { return of(editor).read(*character); }

  int read(wchar_t& character) {
    std::mbstate_t state{};
    for (;;) {
      pollfd wait[] = {{STDIN_FILENO, POLLIN, 0}, {signals.descriptor(), POLLIN, 0}};
      if (poll(wait, 2, -1) < 0) continue;
      if (const int number = signals.next(); number != 0) {
        if (!heed(number)) return -1;
        continue;
      }
      if (wait[0].revents == 0) continue;
      char byte = 0;
      if (::read(STDIN_FILENO, &byte, 1) != 1) return 0;
      const std::size_t size = std::mbrtowc(&character, &byte, 1, &state);
      if (size == static_cast<std::size_t>(-1)) state = {};  // no UTF-8: as if it had not been typed
      if (size <= 1) return 1;
    }
  }

  // Whether the line goes on.
  bool heed(int number) {
    if (number == SIGWINCH) {
      el_resize(editor);
      el_set(editor, EL_REFRESH);
      return true;
    }
    if (number == SIGTSTP) {  // the shell gets its terminal back as it was
      el_set(editor, EL_PREP_TERM, 0);
      std::raise(SIGSTOP);
      el_set(editor, EL_PREP_TERM, 1);
      el_set(editor, EL_REFRESH);
      return true;
    }
    interrupted = number == SIGINT;
    return false;
  }
};

LineEditor::LineEditor(Signals& signals, const std::vector<std::string>& history)
    : library_(std::make_unique<Library>(signals)) {
  use_utf8();
  library_->editor = el_init("shoal", stdin, stdout, stderr);
  library_->history = history_init();
  EditLine* const editor = library_->editor;
  HistEvent event;
  ::history(library_->history, &event, H_SETSIZE, static_cast<int>(HistoryFile::lines_max));
  ::history(library_->history, &event, H_SETUNIQUE, 1);
  el_set(editor, EL_CLIENTDATA, library_.get());
  el_set(editor, EL_PROMPT, &Library::show_prompt);
  el_set(editor, EL_HIST, ::history, library_->history);
  el_set(editor, EL_EDITOR, "emacs");
  el_wset(editor, EL_GETCFN, &Library::read_character);
  for (const auto& [keys, command] : bindings) el_set(editor, EL_BIND, keys, command, nullptr);
  el_source(editor, nullptr);  // ~/.editrc
  for (const std::string& line : history) remember(line);
}

LineEditor::~LineEditor() {
  el_end(library_->editor);
  history_end(library_->history);
}

LineEditor::Outcome LineEditor::next(const std::string& prompt, std::string& line) {
  library_->prompt = prompt;
  library_->interrupted = false;
  int count = 0;
  const char* const text = el_gets(library_->editor, &count);
  if (text == nullptr || count <= 0) return library_->interrupted ? Outcome::interrupted : Outcome::ended;
  line.assign(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return Outcome::line;
}

void LineEditor::remember(const std::string& line) {
  HistEvent event;
  if (!line.empty()) ::history(library_->history, &event, H_ENTER, line.c_str());
}

}  // namespace shoal::cli
