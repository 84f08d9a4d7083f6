// cat: files as the root file system will have them, or the archives themselves, decompressed.

#include "src/cli/blocks.h"
#include "src/image/wanted.h"
#include "src/initrd-pack/opened.h"
#include "src/initrd-pack/verbs.h"

namespace kip::initrd_pack {
namespace {

using cli::ExitCode;

class Cat {
 public:
  Cat(const Settings& settings, const Opened& opened, std::uint32_t only,
      const cli::Messages& messages)
      : settings_(settings), opened_(opened), only_(only), messages_(messages), index_(only) {}

  ExitCode run() {
    const Status status = segments::walk(opened_.source(), {.beyond_faults = true}, index_);
    std::vector<Finding> faults;
    for (const Finding& fault : index_.faults()) faults.push_back(opened_.placed(fault));
    for (const Finding& fault : faults) messages_.finding(fault);
    if (any_fault(faults)) code_ = ExitCode::kNo;
    if (!status) return failed(status.error());
    const auto& all = index_.segments();
    const std::uint32_t count = all.empty() ? 0 : all.back().number;
    if (only_ > count) {
      say_no_segment(settings_.image, only_, count, messages_);
      return ExitCode::kNothing;
    }
    Status written = settings_.paths.empty() ? archives() : files();
    if (const Status flushed = blocks_.flush(); written) written = flushed;
    return written ? code_ : failed(written.error());
  }

 private:
  ExitCode failed(const Error& error) const {
    if (error.what.starts_with("stdout: "))
      messages_.error(error.what);
    else
      messages_.error_at(settings_.image, error);
    return ExitCode::kFailed;
  }

  void refuse(ExitCode code, const std::string& path, const std::string& why) {
    messages_.error(quote(settings_.image) + ": " + quote(path) + ": " + why);
    code_ = cli::worse(code_, code);
  }

  Status files() {
    std::vector<std::uint64_t> members;
    for (const std::string& path : settings_.paths) {
      if (const auto member = member_of(path)) members.push_back(*member);
    }
    return image::copy_contents(opened_.source(), members, blocks_);
  }

  std::optional<std::uint64_t> member_of(const std::string& path) {
    const auto* const name = index_.files().find(path);
    if (name == nullptr) {
      refuse(ExitCode::kNothing, path, missing(path));
      return std::nullopt;
    }
    const image::Inode& inode = index_.files().inode(*name);
    if (inode.type() == cpio::kModeSymlink) {
      refuse(ExitCode::kFailed, path, "is a symbolic link to " + quote(inode.target));
      return std::nullopt;
    }
    if (inode.type() != cpio::kModeRegular) {
      const bool directory = inode.type() == cpio::kModeDirectory;
      refuse(ExitCode::kFailed, path, directory ? "is a directory" : "is no regular file");
      return std::nullopt;
    }
    tell_earlier(path, *name);
    // A first link whose data never came is an empty file, as every file of no bytes.
    if (inode.size == 0) return std::nullopt;
    return inode.content;
  }

  std::string missing(const std::string& path) {
    const auto* const name = index_.unreached().find(path);
    if (name == nullptr) return "no such member";
    return "is only in segment " + std::to_string(name->segment) +
           ", which kernels do not reach; --segment " + std::to_string(name->segment) +
           " reads it there";
  }

  void tell_earlier(const std::string& path, const image::RootFs::Name& name) {
    if (name.earlier.empty()) return;
    std::string where;
    std::uint32_t last = 0;
    for (const std::uint32_t segment : name.earlier) {
      if (segment != last) where += (where.empty() ? "" : ", ") + std::to_string(segment);
      last = segment;
    }
    messages_.note(quote(path) + ": there are " + std::to_string(name.earlier.size() + 1) +
                   ", this is the last, in segment " + std::to_string(name.segment) +
                   "; --segment N reads those of segment " + where);
  }

  Status archives() {
    bool any = false;
    for (const auto& [number, segment] : index_.segments()) {
      if (only_ != 0 && number != only_) continue;
      if (only_ == 0 && !segment.reached) {
        messages_.warning(quote(settings_.image) + ": segment " + std::to_string(number) +
                          " is left out, kernels do not reach it");
        continue;
      }
      if (any) TRY(pad());
      any = true;
      if (const Status status = image::copy_segment(opened_.source(), segment, blocks_); !status) {
        if (status.error().code == Errc::kSystem) return status;
        refuse(ExitCode::kFailed, "segment " + std::to_string(number), status.error().what);
      }
    }
    return {};
  }

  Status pad() {
    constexpr std::array<std::uint8_t, cpio::kPadding> kZeros = {};
    const std::uint64_t at = blocks_.written();
    return blocks_.write(Bytes(kZeros).first(cpio::align_up(at, cpio::kPadding) - at));
  }

  const Settings& settings_;
  const Opened& opened_;
  std::uint32_t only_;
  const cli::Messages& messages_;
  image::FileIndex index_;
  cli::Blocks blocks_;
  ExitCode code_ = ExitCode::kDone;
};

}  // namespace

ExitCode cat(const Settings& settings, const cli::Messages& messages) {
  const auto only = segment_number(settings.segment, messages);
  if (!only) return ExitCode::kUsage;
  if (settings.report.json) {
    messages.error("--json: cat has no report");
    return ExitCode::kUsage;
  }
  if (settings.paths.empty() && cli::stdout_is_terminal()) {
    messages.error("an archive is not for a terminal; redirect the output, or name files");
    return ExitCode::kUsage;
  }
  const auto opened = open_image(settings.image, messages);
  if (!opened) return ExitCode::kFailed;
  return Cat(settings, *opened, *only, messages).run();
}

}  // namespace kip::initrd_pack
