#include <cstdlib>
#include <filesystem>

#include "src/cli/messages.h"
#include "src/cli/scratch.h"

namespace kip::cli {

Result<ScratchDirectory> ScratchDirectory::create() {
  std::string path = environment("TMPDIR").value_or("/var/tmp") + "/kip-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)
    return fail_errno("cannot make a directory for working files, " + quote(path));
  return ScratchDirectory(std::move(path));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;  // there is nobody to tell
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace kip::cli
