#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/finding.h"
#include "src/cli/process.h"

namespace kip::cli {
namespace {

constexpr std::string_view kSystemPath =
    "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

class Streams {
 public:
  Streams() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
  }
  ~Streams() { ::posix_spawn_file_actions_destroy(&actions_); }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> lines;
  const auto is_given = [&](std::string_view line) {
    return std::any_of(command.environment.begin(), command.environment.end(), [&](const auto& it) {
      return line.starts_with(it.first) && line.substr(it.first.size()).starts_with('=');
    });
  };
  for (char** line = environ; *line != nullptr; ++line) {
    if (!is_given(*line)) lines.emplace_back(*line);
  }
  for (const auto& [name, value] : command.environment) {
    if (value) lines.push_back(name + "=" + *value);
  }
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& lines) {
  std::vector<char*> pointers;
  pointers.reserve(lines.size() + 1);
  for (std::string& line : lines) pointers.push_back(line.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != name.npos)
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* const set = std::getenv("PATH");
  std::string path = set == nullptr ? "" : set;
  path.append(path.empty() ? "" : ":").append(kSystemPath);
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string file = path.substr(at, end - at) + "/" + name;
    if (file.front() == '/' && ::access(file.c_str(), X_OK) == 0) return file;
    at = end + 1;
  }
  return std::nullopt;
}

Result<int> run(const Command& command) {
  const auto file = find_program(command.words.front());
  if (!file) return fail(Errc::kUnsupported, quote(command.words.front()) + " is not installed");
  std::vector<std::string> words = command.words, lines = environment_of(command);
  const Streams streams;
  pid_t process = 0;
  const int error = ::posix_spawn(&process, file->c_str(), streams.get(), nullptr,
                                  pointers_to(words).data(), pointers_to(lines).data());
  if (error != 0) {
    errno = error;
    return fail_errno(quote(*file));
  }
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("waitpid");
  }
  constexpr int kSignalled = 128;  // as shells count
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

}  // namespace kip::cli
