#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/cli/process.h"
#include "src/kip/obstacles.h"
#include "src/kip/renewal.h"

namespace kip::program {
namespace {

using cli::EntryState;
using cli::Outcome;
using cli::RefreshRow;
using state::Change;
using state::FileState;

// A shell script up to systemd 253, which knows no --entry-token=.
bool is_script(const std::string& program) {
  const auto file = cli::find_program(program);
  if (!file) return false;
  const auto opened = Root().open(*file, O_RDONLY | O_NONBLOCK);
  if (!opened) return false;
  FileInput in(opened->get());
  std::uint8_t mark[2] = {};
  const auto count = in.read(mark);
  return count && *count == sizeof mark && mark[0] == '#' && mark[1] == '!';
}

std::string shown(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + shell_word(word);
  return text;
}

}  // namespace

Renewal::Renewal(const Root& root, const cli::Survey& survey, const cli::Surveyed& entry,
                 const cli::Messages& messages)
    : root_(root), survey_(survey), entry_(entry), messages_(messages), errors_(messages) {
  errors_.set_level(cli::Messages::Level::kQuiet);
}

RefreshRow Renewal::plan() {
  RefreshRow row{entry_.row.kernel,  entry_.row.token, Outcome::kCurrent, "", "",
                 entry_.row.changes, entry_.row.files};
  if (entry_.row.state == EntryState::kCurrent) return row;
  if (entry_.row.state == EntryState::kUnknown) {
    row.outcome = Outcome::kFailed;
    row.why = "what belongs into it cannot be told";
    return row;
  }
  if (waits(row)) return row;
  if (may_swap()) {
    auto swap = std::make_unique<cli::EarlySwap>(*entry_.manifest, *entry_.now,
                                                 survey_.settings_for(*entry_.manifest),
                                                 KIP_VERSION, messages_);
    const auto why = swap->unfit();
    if (!why) {
      swap_ = std::move(swap);
      row.outcome = Outcome::kSwapped;
      return row;
    }
    messages_.detail(fmt::format("kernel {}: to be rebuilt: {}", quote(row.kernel), *why));
  }
  const std::string conf_root = cli::environment("KERNEL_INSTALL_CONF_ROOT").value_or("");
  if (const auto obstacle = obstacle_to(root_, entry_, conf_root)) {
    row.outcome = Outcome::kRefused;
    row.why = obstacle->why;
    row.remedy = obstacle->remedy;
    return row;
  }
  if (needs_generator()) generator_ = boot::generator_of(root_, arguments_of(entry_));
  rebuild_ = true;
  row.outcome = Outcome::kRebuilt;
  return row;
}

// For a module that is required. Other changes do not wait where kernels are installed without it.
bool Renewal::waits(RefreshRow& row) const {
  std::string missing;
  if (entry_.pending != nullptr) {
    missing = still_missing(root_, *entry_.pending, survey_.settings());
  } else if (entry_.manifest != nullptr && !may_swap()) {
    missing = missing_again(root_, *entry_.manifest, survey_.settings_for(*entry_.manifest));
  }
  if (missing.empty()) return false;
  const auto& files = entry_.row.files;
  const bool other = !entry_.row.changes.empty() ||
                     std::any_of(files.begin(), files.end(),
                                 [](const auto& it) { return it.state != FileState::kThere; });
  if (entry_.manifest != nullptr && other) {
    const policy::Settings settings = survey_.settings_for(*entry_.manifest);
    if (settings.modules.on_require.value == policy::OnRequire::kWarn) return false;
  }
  row.outcome = Outcome::kWaiting;
  row.why = "module " + quote(missing) + " is not there";
  return true;
}

// Where nothing but microcode may be another one. What the files say is left to the swap itself.
bool Renewal::may_swap() const {
  const auto is_microcode = [](const Change& change) {
    return change.kind == Change::Kind::kMicrocode || change.kind == Change::Kind::kEntrySign;
  };
  const auto& changes = entry_.row.changes;
  return entry_.manifest != nullptr && entry_.now && entry_.pending == nullptr &&
         (entry_.row.state == EntryState::kStale || entry_.row.state == EntryState::kForeign) &&
         std::all_of(changes.begin(), changes.end(), is_microcode);
}

// A copy that is gone, or is another one, says nothing of what the generator made.
bool Renewal::needs_generator() const {
  return entry_.pending != nullptr || !entry_.row.changes.empty();
}

Status Renewal::start(std::vector<std::string> words) const {
  cli::Command command{std::move(words), {{"KIP_REFRESH", "1"}}};
  auto& environment = command.environment;
  if (const state::Manifest* const manifest = entry_.manifest) {
    const state::Call& call = manifest->call;
    environment.emplace_back("ENTRY_TOKEN", manifest->token);
    if (!call.boot_root.empty()) environment.emplace_back("BOOT_ROOT", call.boot_root);
    if (call.kip_cpu && !cli::environment("KIP_CPU"))
      environment.emplace_back("KIP_CPU", call.kip_cpu);
    if (call.kip_firmware && !cli::environment("KIP_FIRMWARE"))
      environment.emplace_back("KIP_FIRMWARE", call.kip_firmware);
  }
  const std::string text = shown(command.words);
  messages_.note(fmt::format("{}: {}", shell_word(entry_.row.kernel), text));
  const int code = TRY(run(command));
  if (code != 0) return fail(Errc::kInvalid, fmt::format("'{}' ended with {}", text, code));
  return {};
}

Status Renewal::run_kernel_install() const {
  const std::string program = "kernel-install";
  std::vector<std::string> words = {program};
  if (entry_.manifest != nullptr && !is_script(program))
    words.push_back("--entry-token=literal:" + entry_.manifest->token);
  const auto& arguments = arguments_of(entry_);
  words.insert(words.end(), arguments.begin(), arguments.end());
  return start(std::move(words));
}

Status Renewal::rebuild() const {
  if (generator_) {
    TRY(start(generator_->words));
    // Debian's systemd-boot has it start kernel-install.
    if (is_current()) return {};
  }
  return run_kernel_install();
}

bool Renewal::is_current() const {
  std::string token;
  cli::Survey survey(root_, token, errors_);
  if (survey.read({entry_.row.kernel}) != cli::ExitCode::kDone) return false;
  return std::all_of(survey.entries().begin(), survey.entries().end(),
                     [](const auto& it) { return it.row.state == EntryState::kCurrent; });
}

Status Renewal::verify() const {
  const std::string host;
  cli::Survey survey(root_, host, errors_);
  if (survey.read({}) != cli::ExitCode::kDone)
    return fail(Errc::kInvalid, "its record cannot be read");
  bool recorded = false;
  for (const cli::Surveyed& it : survey.entries()) {
    const bool other = !entry_.row.token.empty() && it.row.token != entry_.row.token;
    if (it.row.kernel != entry_.row.kernel || other) continue;
    recorded = true;
    const bool may_wait = it.row.state == EntryState::kPending && it.row.changes.empty();
    if (it.row.state != EntryState::kCurrent && !may_wait)
      return fail(Errc::kInvalid,
                  fmt::format("the entry is {} all the same", state_name(it.row.state)));
    if (it.manifest == nullptr) continue;
    for (const state::ImageFile& file : it.manifest->files) {
      if (file.path.empty()) continue;
      const std::string path = cli::path_now(root_, file.path);
      if (TRY(state::check_whole(root_, file, path)) != FileState::kThere)
        return fail(Errc::kCorrupt, quote(path) + " is not what was installed");
    }
  }
  // With Enabled=no there is nothing of kip's to be recorded.
  const bool off = entry_.now && !entry_.now->settings.enabled;
  if (recorded || off) return {};
  return fail(Errc::kInvalid, "the installation left no record: kip's plugins did not run");
}

void Renewal::carry_out(RefreshRow& row) {
  Status status = swap_ ? swap_->commit() : rebuild();
  if (status) status = verify();
  if (status) return;
  row.outcome = Outcome::kFailed;
  row.why = status.error().what;
}

}  // namespace kip::program
