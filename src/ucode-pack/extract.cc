// extract: one file an update; AMD patches as containers of their own.
#include <fmt/format.h>
#include <set>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/cli/json.h"
#include "src/ucode-pack/directory.h"
#include "src/ucode-pack/verbs.h"
#include "ucode/encode.h"

namespace kip::ucode_pack {
namespace {

using cli::ExitCode;

// "intel-000806f8-10-2c000410.bin", "amd-00a20f12-0a201213.bin": what tells updates apart.
std::string file_name(const ucode::Update& update) {
  const ucode::Target& target = update.targets.front();
  if (update.vendor == ucode::Vendor::kAmd) {
    return fmt::format("amd-{:08x}-{:08x}.bin", target.signature.value, update.revision);
  }
  return fmt::format("intel-{:08x}-{:02x}-{:08x}.bin", target.signature.value,
                     target.platform_flags, update.revision);
}

Status write_update(Sink& out, const ucode::Update& update, Bytes bytes) {
  if (update.vendor == ucode::Vendor::kAmd) {
    std::vector<ucode::AmdTableRow> table;
    for (const ucode::Target& target : update.targets)
      table.push_back({target.signature, update.equivalence_id});
    TRY(out.write(ucode::encode_amd_table(table)));
    const auto section = ucode::encode_amd_section(update.size);
    TRY(out.write(bytes_of(section)));
  }
  return out.write(bytes);
}

class Extract {
 public:
  Extract(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages) {}

  ExitCode run() {
    Settings all = settings_;
    if (all.cpus.empty()) all.cpus = {"all"};
    ExitCode code = ExitCode::kDone;
    const auto request = resolve(all, messages_, code);
    if (!request) return code;
    auto root = open_root(settings_, messages_);
    if (!root) return ExitCode::kFailed;
    root_ = std::move(*root);
    code = scan(root_, settings_, settings_.paths, {.depth = ucode::Depth::kChecked}, messages_,
                catalog_);
    say_findings(catalog_, messages_);
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < catalog_.entries.size(); ++i) {
      const catalog::Entry& entry = catalog_.entries[i];
      if (entry.sound && concerns(*request, entry.update)) wanted.push_back(i);
    }
    if (!wanted.empty() && !settings_.output.dry_run &&
        !make_directory(settings_.directory, messages_))
      return ExitCode::kFailed;
    Scratch scratch;
    catalog::Loader loader(root_, catalog_, scratch);
    for (const std::size_t i : wanted) code = cli::worse(code, one(i, loader));
    if (settings_.report.json && !messages_.print(to_json(report_))) return ExitCode::kFailed;
    if (code == ExitCode::kDone && report_.updates.empty()) {
      messages_.error("no microcode found" + cli::where(settings_.paths));
      return ExitCode::kNothing;
    }
    if (settings_.output.dry_run)
      messages_.note(cli::counted(report_.updates.size(), "file") + ", nothing written");
    return code;
  }

 private:
  // A name that is taken by other bytes gets a counter; the same update once more is left out.
  ExitCode one(std::size_t index, catalog::Loader& loader) {
    const catalog::Entry& entry = catalog_.entries[index];
    const auto bytes = loader.load(index);
    if (!bytes) {
      messages_.error_at(catalog_.stream_of(entry).place(), bytes.error());
      return ExitCode::kFailed;
    }
    MemorySink contents;
    (void)write_update(contents, entry.update, *bytes);
    if (!seen_.insert(contents.bytes()).second) return ExitCode::kDone;
    std::string name = file_name(entry.update);
    for (int counter = 2; !names_.insert(name).second; ++counter) {
      name = file_name(entry.update)
                 .insert(file_name(entry.update).size() - 4, fmt::format("-{}", counter));
    }
    const std::string path = settings_.directory + "/" + name;
    cli::UpdateRow row = cli::row_of(catalog_, entry);
    const std::string line =
        fmt::format("{}: {} from {} at offset {:#x}\n", quote(path),
                    cli::targets_text(entry.update), quote(row.file), row.offset);
    row.file = path;
    report_.updates.push_back(std::move(row));
    if (!save(path, contents.bytes())) return ExitCode::kFailed;
    return settings_.report.json || messages_.print(line) ? ExitCode::kDone : ExitCode::kFailed;
  }

  bool save(const std::string& path, Bytes bytes) {
    const Status status = settings_.output.dry_run ? check(path) : write(path, bytes);
    if (!status) messages_.error_at(path, status.error());
    return status.has_value();
  }

  // The directory itself may be still to be made.
  Status check(const std::string& path) const {
    if (::access(settings_.directory.c_str(), F_OK) != 0) return {};
    return AtomicFile::check(path, settings_.output.existing());
  }

  Status write(const std::string& path, Bytes bytes) const {
    auto file = TRY(AtomicFile::create(path, settings_.output.existing()));
    TRY(file.write(bytes));
    return file.commit();
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  Root root_;
  catalog::Catalog catalog_;
  cli::ExtractReport report_;
  std::set<std::vector<std::uint8_t>> seen_;
  std::set<std::string> names_;
};

}  // namespace

ExitCode extract(const Settings& settings, const cli::Messages& messages) {
  return Extract(settings, messages).run();
}

}  // namespace kip::ucode_pack
