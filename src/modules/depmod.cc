#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/finding.h"
#include "src/base/sink.h"
#include "src/modules/config.h"
#include "src/modules/depmod.h"

namespace kip::modules {
namespace {

constexpr const char* kPrograms[] = {"/sbin/depmod", "/usr/sbin/depmod", "/bin/depmod",
                                     "/usr/bin/depmod"};

/// Most of what depmod said that a message repeats, in bytes.
constexpr std::size_t kSaid = 2000;

/// After so long it is ended. A tree of all modules takes a few seconds.
constexpr int kPatienceInMilliseconds = 10 * 60 * 1000;

/// What was made here is taken away at the end, the last first.
class Made {
 public:
  Made() = default;
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  ~Made() {
    for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) {
      if (::unlink(path->c_str()) != 0) ::rmdir(path->c_str());
    }
  }

  void add(std::string path) { paths_.push_back(std::move(path)); }

 private:
  std::vector<std::string> paths_;
};

bool exists(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0;
}

// Depmod was built for lib/modules or for usr/lib/modules (a choice since version 32): the directory gets the other name.
Status have_both_names(const std::string& directory, Made& made) {
  const std::string lib = directory + "/lib", usr = directory + "/usr", usr_lib = usr + "/lib";
  if (!exists(lib) && exists(usr_lib)) {
    if (::symlink("usr/lib", lib.c_str()) != 0) return fail_errno(quote(lib));
    made.add(lib);
  }
  if (!exists(usr)) {
    if (::mkdir(usr.c_str(), 0755) != 0) return fail_errno(quote(usr));
    made.add(usr);
  }
  if (!exists(usr_lib)) {
    if (::symlink("../lib", usr_lib.c_str()) != 0) return fail_errno(quote(usr_lib));
    made.add(usr_lib);
  }
  return {};
}

Result<std::string> make_config(const std::string& directory, const std::string& search,
                                Made& made) {
  std::string config = directory + "/depmod.d-XXXXXX";
  if (::mkdtemp(config.data()) == nullptr) return fail_errno(quote(config));
  made.add(config);
  if (search.empty()) return config;
  const std::string path = config + "/search.conf";
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return fail_errno(quote(path));
  made.add(path);
  DescriptorSink sink(file.get());
  TRY(sink.write(as_bytes("search " + search + "\n")));
  return config;
}

/// Attributes of a new process: nothing to read, nothing but a memory file to write to.
class Streams {
 public:
  explicit Streams(int messages) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, messages, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, messages, 2);
  }
  ~Streams() { ::posix_spawn_file_actions_destroy(&actions_); }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

Result<pid_t> start(std::vector<std::string> arguments, int messages) {
  std::string environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  char* const fixed[] = {environment[0].data(), environment[1].data(), nullptr};
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const Streams streams(messages);
  pid_t process = 0;
  int error = ENOENT;
  for (const char* const program : kPrograms) {
    if (::access(program, X_OK) != 0) continue;
    error = ::posix_spawn(&process, program, streams.get(), nullptr, pointers.data(), fixed);
    if (error == 0) return process;
  }
  // By PATH: our own, not depmod's.
  if (error == ENOENT)
    error = ::posix_spawnp(&process, "depmod", streams.get(), nullptr, pointers.data(), fixed);
  if (error == 0) return process;
  if (error == ENOENT) return fail(Errc::kUnsupported, "needs depmod, which is not installed");
  errno = error;
  return fail_errno("depmod");
}

Result<int> wait_for(pid_t process) {
  const Fd watched(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  pollfd end = {watched.get(), POLLIN, 0};
  int ready = 1;
  if (watched) {
    do {
      ready = ::poll(&end, 1, kPatienceInMilliseconds);
    } while (ready < 0 && errno == EINTR);
  }
  if (ready == 0) ::kill(process, SIGKILL);
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("waitpid");
  }
  if (ready == 0) return fail(Errc::kLimit, "depmod did not come to an end");
  return status;
}

std::string said(int messages) {
  FileInput in(messages);
  std::string text(kSaid, '\0');
  const auto count =
      in.read(MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  text.resize(count.value_or(0));
  while (text.ends_with('\n')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ';');
  return text;
}

}  // namespace

Status run_depmod(const std::string& directory, const std::string& kernel,
                  const std::string& search) {
  if (search.find('\n') != search.npos) return fail(Errc::kInvalid, "a search line is one line");
  Made made;
  TRY(have_both_names(directory, made));
  const std::string config = TRY(make_config(directory, search, made));
  const Fd messages(::memfd_create("depmod", MFD_CLOEXEC));
  if (!messages) return fail_errno("memfd_create");
  const pid_t process =
      TRY(start({"depmod", "-b", directory, "-C", config, kernel}, messages.get()));
  const int status = TRY(wait_for(process));
  const std::string text = said(messages.get());
  // It goes on, and ends with 0, after modules that it cannot read; their dependencies are then missing in the index.
  const bool complete =
      WIFEXITED(status) && WEXITSTATUS(status) == 0 && text.find("ERROR") == text.npos;
  if (!complete)
    return fail(Errc::kInvalid, "depmod failed: " + (text.empty() ? "it said nothing" : text));
  return {};
}

std::string depmod_search(const Root& root) {
  std::string search;
  for (const auto& words : read_config(root, kDepmodDirectories).lines) {
    if (words[0] != "search") continue;
    for (std::size_t i = 1; i < words.size(); ++i) search += (search.empty() ? "" : " ") + words[i];
  }
  return search;
}

}  // namespace kip::modules
