// Rows 6 and 7 of bench/whole.py. Makes an overlay of a directory's files: what the image plugin does but for depmod, since
// the files are taken for firmware. With METHOD cpio, an archive of them and nothing else.
//
//   overlay_run BASE DIRECTORY OUT [METHOD]     METHOD: zstd, xz, gzip, cpio; none: an overlay that is not compressed
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <string_view>

#include "cpio/writer.h"
#include "src/base/atomic_file.h"
#include "src/image/overlay.h"

namespace kip::bench {
namespace {

constexpr const char* kKernel = "6.12.0-bench";

std::vector<image::OverlayFile> files_in(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<image::OverlayFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    files.push_back({image::OverlayFile::Kind::kFirmware,
                     entry.path().string().substr(directory.size() + 1),
                     entry.path().string(),
                     "",
                     {"policy", "bench"}});
  }
  return files;
}

Status run(const std::string& base, const std::string& directory, const std::string& out,
           std::optional<codec::Method> method) {
  std::string scratch = std::filesystem::temp_directory_path() / "kip-bench-XXXXXX";
  if (::mkdtemp(scratch.data()) == nullptr) return fail_errno("scratch");
  const Fd file = TRY(Root().open(base, O_RDONLY));
  const auto modules = TRY(image::read_base_modules(file.get(), kKernel, scratch, directory));
  const auto plan =
      TRY(image::plan_overlay(modules, files_in(directory), kKernel, directory, "", scratch));
  AtomicFile written = TRY(AtomicFile::create_staged(out));
  TRY(image::write_overlay(plan, {0, method}, written));
  TRY(written.commit());
  std::filesystem::remove_all(scratch);
  return {};
}

// Sorted, with directories, every field as an overlay has it.
Status pack(const std::string& directory, const std::string& out) {
  namespace fs = std::filesystem;
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string path = entry.path().string().substr(directory.size() + 1);
    sizes[path] = entry.is_directory() ? UINT64_MAX : entry.file_size();
  }
  AtomicFile written = TRY(AtomicFile::create_staged(out));
  cpio::Writer archive(written, 0);
  for (const auto& [path, size] : sizes) {
    if (size == UINT64_MAX) {
      TRY(archive.directory(path));
      continue;
    }
    const Fd file = TRY(Root().open(directory + "/" + path, O_RDONLY));
    TRY(archive.begin_file(path, size));
    TRY(archive.append(file.get(), 0, size));
  }
  TRY(archive.finish(cpio::kPadding));
  return written.commit();
}

}  // namespace
}  // namespace kip::bench

int main(int argc, char** argv) {
  using kip::codec::Method;
  std::optional<Method> method;
  for (const Method known : {Method::kZstd, Method::kXz, Method::kGzip}) {
    if (argc == 5 && std::string_view(argv[4]) == kip::codec::method_name(known)) method = known;
  }
  const bool cpio = argc == 5 && std::string_view(argv[4]) == "cpio";
  if (argc != 4 && !method && !cpio) {
    std::fputs("usage: overlay_run BASE DIRECTORY OUT [zstd|xz|gzip|cpio]\n", stderr);
    return 2;
  }
  const kip::Status status = cpio ? kip::bench::pack(argv[2], argv[3])
                                  : kip::bench::run(argv[1], argv[2], argv[3], method);
  if (status) return 0;
  std::fprintf(stderr, "overlay_run: error: %s\n", status.error().what.c_str());
  return 4;
}
