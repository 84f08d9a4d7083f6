#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/cli/drafts.h"
#include "src/cli/staging.h"

namespace kip::cli {

Result<std::optional<state::Manifest>> read_draft(const std::string& staging, const char* name) {
  const auto directory = open_own_directory(staging);
  if (!directory && directory.error().system_errno == ENOENT)
    return std::optional<state::Manifest>();
  if (!directory) return tl::unexpected<Error>(directory.error());
  const std::string path = staging + "/" + name;
  const auto file = Root().open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!file && file.error().system_errno == ENOENT) return std::optional<state::Manifest>();
  if (!file) return tl::unexpected<Error>(file.error());
  struct stat status;
  if (::fstat(file->get(), &status) != 0) return fail_errno("fstat");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  FileInput in(file->get());
  const auto bytes = TRY(read_rest(in, state::kManifestLimit));
  return TRY(state::parse_manifest(as_text(bytes)));
}

Status write_draft(const std::string& staging, const char* name, const state::Manifest& draft) {
  TRY(make_own_directory(staging));
  auto file = TRY(AtomicFile::create_staged(staging + "/" + name));
  TRY(file.write(as_bytes(to_json(draft))));
  return file.commit();
}

void remove_draft(const std::string& staging, const char* name) {
  if (open_own_directory(staging)) ::unlink((staging + "/" + name).c_str());
}

}  // namespace kip::cli
