// Loops, raw sockets and processes that tests talk to.
#pragma once

#include <filesystem>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "actors/net/loop.h"
#include "mailbox.h"
#include "protocol/codec.h"

namespace shoal::actors {

// A directory that vanishes with the test.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string ipc(const std::string& name) const { return "ipc://" + file(name); }

private:
  std::filesystem::path path_;
};

// A loop with its mailbox.
struct TestLoop {
  explicit TestLoop(
      LoopConfig config, std::function<bool()> congested = [] { return false; }) {
    if (config.routing_id.empty()) config.routing_id = make_routing_id("test", "here", 1);
    if (config.bind.empty()) config.bind = "tcp://127.0.0.1:*";
    auto opened = Loop::open(std::move(config));
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text));
    loop = std::move(opened).value();
    loop->start([this](WireEvent event) { box.put(std::move(event)); }, std::move(congested));
  }
  ~TestLoop() { loop.reset(); }

  void dial(const std::string& address) {
    REQUIRE(loop->post(Dial{address}));
    box.take<LinkUp>([&](const LinkUp& up) { return up.address == address; });
  }

  template <class Body>
  void post(const Route& route, Body body) {
    REQUIRE(loop->post(Post{route, protocol::make_message(std::move(body))}));
  }

  // Waits for a message of this body.
  template <class Body>
  Arrived take() {
    return box.take<Arrived>([](const Arrived& arrived) { return std::holds_alternative<Body>(arrived.message.body); });
  }

  Mailbox box;
  std::unique_ptr<Loop> loop;
};

// A socket without a loop, as somebody else's program would have it.
class RawSocket {
public:
  RawSocket(int type, const std::string& routing_id = "") : socket_(context_, type) {
    if (!routing_id.empty()) socket_.set(ZMQ_ROUTING_ID, routing_id);
  }

  Socket& socket() { return socket_; }
  void connect(const std::string& address) { REQUIRE(socket_.connect(address).has_value()); }
  std::string bind() {
    REQUIRE(socket_.bind("tcp://127.0.0.1:*").has_value());
    return socket_.last_endpoint();
  }

  void send(protocol::Frames frames) {
    zmq_pollitem_t item{socket_.get(), 0, ZMQ_POLLOUT, 0};
    REQUIRE(zmq_poll(&item, 1, 30'000) == 1);
    REQUIRE(socket_.send(frames) == Sent::yes);
  }

  std::vector<std::string> receive() {
    zmq_pollitem_t item{socket_.get(), 0, ZMQ_POLLIN, 0};
    REQUIRE_MESSAGE(zmq_poll(&item, 1, 30'000) == 1, "the awaited frames never came");
    socket_.stir();  // zmq_poll took in the news
    Incoming incoming;
    REQUIRE(socket_.receive(incoming));
    const auto frames = incoming.from(0);
    return {frames.begin(), frames.end()};
  }

private:
  Context context_;
  Socket socket_;
};

// tests/unit/actors/child.cc as a process: a loop that answers every PING. `arguments`: bind address, and what to dial.
class Child {
public:
  explicit Child(std::vector<std::string> arguments, const char* program = SHOAL_TEST_CHILD) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    arguments.insert(arguments.begin(), program);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~Child() {
    signal(SIGKILL);
    if (!waited_) wait();
    fclose(output_);
  }

  // The next line that it prints.
  std::string line() {
    char text[4096];
    REQUIRE(fgets(text, sizeof text, output_) != nullptr);
    std::string line(text);
    line.pop_back();
    return line;
  }

  void signal(int number) {
    if (!waited_) kill(pid_, number);
  }

  // Its exit status as of waitpid.
  int wait() {
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    waited_ = true;
    return status;
  }

private:
  pid_t pid_ = -1;
  bool waited_ = false;
  FILE* output_ = nullptr;
};

}  // namespace shoal::actors
