#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "tests/support/run_program.h"

namespace kip::support {
namespace {

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

class End {  // one end of a pipe
 public:
  End() = default;
  explicit End(int fd) : fd_(fd) {}
  End(End&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  End& operator=(End&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~End() { close(); }

  [[nodiscard]] int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  End read;
  End write;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno, "pipe2");
    read = End(ends[0]);
    write = End(ends[1]);
  }
};

// Writing to a program that has stopped listening must not end the test: SIGPIPE is held back in
// this thread, and taken away if it came.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    const timespec now{0, 0};
    while (sigtimedwait(&pipe_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

  [[nodiscard]] const sigset_t& before() const { return before_; }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

std::vector<std::string> environment_with(const RunOptions& options) {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry = *each;
    const std::string_view name = entry.substr(0, entry.find('='));
    bool changed = false;
    for (const auto& change : options.env) changed = changed || change.first == name;
    if (!changed) all.emplace_back(entry);
  }
  for (const auto& [name, value] : options.env) {
    if (value) all.push_back(name + "=" + *value);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

void take_from(End& end, std::string& into) {
  std::array<char, 65536> block{};
  const ssize_t count = ::read(end.get(), block.data(), block.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count <= 0) return end.close();
  into.append(block.data(), static_cast<std::size_t>(count));
}

void give_to(End& end, std::string_view input, std::size_t& done) {
  const ssize_t count = ::write(end.get(), input.data() + done, input.size() - done);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count < 0) return end.close();
  done += static_cast<std::size_t>(count);
  if (done == input.size()) end.close();
}

void converse(End& in, End& out, End& err, std::string_view input, RunResult& result) {
  std::size_t given = 0;
  if (input.empty()) in.close();
  while (in.get() >= 0 || out.get() >= 0 || err.get() >= 0) {  // poll passes over -1
    std::array<pollfd, 3> ends{pollfd{in.get(), POLLOUT, 0}, pollfd{out.get(), POLLIN, 0},
                               pollfd{err.get(), POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), -1) < 0) {
      if (errno == EINTR) continue;
      fail(errno, "poll");
    }
    if (ends[0].revents != 0) give_to(in, input, given);
    if (ends[1].revents != 0) take_from(out, result.out);
    if (ends[2].revents != 0) take_from(err, result.err);
  }
}

int spawn(pid_t& child, const std::vector<std::string>& argv, const RunOptions& options,
          const sigset_t& mask, const Pipe& in, const Pipe& out, const Pipe& err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
  if (!options.cwd.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, options.cwd.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

  std::vector<std::string> words = argv;
  std::vector<std::string> settings = environment_with(options);
  const int error = ::posix_spawnp(&child, argv.front().c_str(), &actions, &attributes,
                                   pointers(words).data(), pointers(settings).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

RunResult run_program(const std::vector<std::string>& argv, const RunOptions& options) {
  const WithoutSigpipe quiet;
  Pipe in;
  Pipe out;
  Pipe err;
  RunResult result;
  pid_t child = 0;
  if (const int error = spawn(child, argv, options, quiet.before(), in, out, err); error != 0) {
    if (error == EAGAIN || error == ENOMEM) fail(error, "posix_spawn");
    result.exit_code = 127;
    result.err = argv.front() + ": " + std::strerror(error) + "\n";
    return result;
  }
  in.read.close();
  out.write.close();
  err.write.close();
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  converse(in.write, out.read, err.read, options.input, result);

  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) fail(errno, "wait4");
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.peak_kib = usage.ru_maxrss;
  return result;
}

std::string must_run(const std::vector<std::string>& argv, const RunOptions& options) {
  RunResult result = run_program(argv, options);
  if (result.ok()) return std::move(result.out);
  std::string line;
  for (const std::string& word : argv) line += word + " ";
  throw std::runtime_error(line + "ended with " + std::to_string(result.exit_code) + ": " +
                           result.err);
}

bool have_program(const std::string& name) {
  return run_program({"sh", "-c", "command -v -- \"$1\"", "sh", name}).ok();
}

}  // namespace kip::support
