#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/cli/kernels.h"
#include "src/kmod-pack/subject.h"

namespace kip::kmod_pack {
namespace {

using cli::ExitCode;
using cli::ModuleState;
using modules::Cause;

const char* effect_name(policy::Effect effect) {
  constexpr const char* kNames[] = {"omit", "include", "require"};
  return kNames[static_cast<int>(effect)];
}

const char* cause_name(Cause cause) {
  constexpr const char* kNames[] = {"policy", "depends", "softdep", "weakdep", "firmware"};
  return kNames[static_cast<int>(cause)];
}

void describe(const modules::Module& module, cli::ModuleRow& row) {
  row.name = module.file.name;
  row.path = module.file.path;
  row.version = module.version;
  row.has_signature = module.signature.has_value();
  if (module.signature) row.signer = module.signature->signer;
}

Result<Fd> open_base(const std::string& path) {
  Fd file = TRY(Root().open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return fail_errno("cannot be looked at");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  if (status.st_size == 0) return fail(Errc::kInvalid, "is empty, and so no initrd");
  return file;
}

}  // namespace

cli::RuleRow rule_row(const policy::ModuleRule& rule) {
  return {effect_name(rule.effect), rule.key,         rule.pattern,
          rule.origin.file,         rule.origin.line, to_text(rule)};
}

ExitCode Subject::open() {
  if (!settings_.root.empty()) {
    auto root = Root::at(settings_.root);
    if (!root) {
      messages_.error_at(settings_.root, root.error());
      return ExitCode::kFailed;
    }
    root_ = std::move(*root);
  }
  ExitCode code = ExitCode::kDone;
  const auto kernel = cli::target_kernel(root_, settings_.kernel, messages_, code);
  if (!kernel) return code;
  kernel_ = *kernel;
  choice_.emplace(root_, kernel_, messages_, nullptr, say_, settings_.root);
  code = choice_->read();
  if (code == ExitCode::kNothing) cli::say_no_kernel(root_, kernel_, messages_);
  return code;
}

ExitCode Subject::open_closed() {
  const ExitCode code = open();
  if (code != ExitCode::kDone || !choice_->selects()) return code;
  auto closure = choice_->closure();
  if (!closure) {
    messages_.error_at(choice_->tree().directory(), closure.error());
    return ExitCode::kFailed;
  }
  closure_ = std::move(*closure);
  return ExitCode::kDone;
}

void Subject::say_findings() const {
  for (const Finding& finding : choice_->findings()) {
    if (finding.rule == cli::kRuleLeftOut || finding.rule == cli::kRuleComesAlong) continue;
    if (finding.severity == Severity::kNote)
      messages_.detail(to_line(finding));
    else
      messages_.finding(finding);
  }
}

const modules::Needed* Subject::needed(const modules::ModuleFile& file) const {
  const auto found =
      std::find_if(closure_.modules.begin(), closure_.modules.end(),
                   [&](const modules::Needed& it) { return it.file.path == file.path; });
  return found == closure_.modules.end() ? nullptr : &*found;
}

void Subject::add_cause(const modules::ModuleFile& file, cli::ModuleRow& row) const {
  const modules::Needed* const it = needed(file);
  if (it == nullptr || it->cause == Cause::kPolicy) return;
  row.cause = cause_name(it->cause);
  row.of = it->of;
}

cli::ModuleRow Subject::row(const cli::DecidedModule& module) const {
  const modules::ModuleFile& file = module.module.file;
  const policy::Decision& decision = module.decision;
  cli::ModuleRow row;
  describe(module.module, row);
  if (decision.winner != nullptr) row.rule = rule_row(*decision.winner);
  for (const policy::ModuleRule* const rule : decision.beaten)
    row.beaten.push_back(rule_row(*rule));
  add_cause(file, row);
  row.left_out = module.left_out;
  if (!module.wins) {
    const auto winner = choice_->tree().find(file.name);
    row.winner = winner ? winner->path : "";
  }
  if (!row.left_out.empty())
    row.state = ModuleState::kLeftOut;
  else if (needed(file) != nullptr)
    row.state = decision.required ? ModuleState::kRequired : ModuleState::kIn;
  return row;
}

Result<cli::ModuleRow> Subject::row(const modules::ModuleFile& file) {
  for (const cli::DecidedModule& it : choice_->modules()) {
    if (it.module.file.path == file.path) return row(it);
  }
  const modules::Module module = TRY(choice_->tree().read(file));
  cli::ModuleRow row;
  describe(module, row);
  row.state = ModuleState::kInTree;
  add_rules_of_the_kernels({file.name, module.aliases}, row);
  add_cause(file, row);
  const auto winner = choice_->tree().find(file.name);
  if (winner && winner->path != file.path) row.winner = winner->path;
  return row;
}

void Subject::add_rules_of_the_kernels(const policy::ModuleNames& names,
                                       cli::ModuleRow& row) const {
  const policy::Decision decision = policy::decide(choice_->rules(), names);
  if (decision.required)
    row.rule = rule_row(*decision.winner);
  else if (decision.winner != nullptr)
    row.beaten.push_back(rule_row(*decision.winner));
  for (const policy::ModuleRule* const rule : decision.beaten)
    row.beaten.push_back(rule_row(*rule));
}

std::optional<image::BaseModules> Subject::read_base(const std::string& path,
                                                     const std::string& scratch) {
  const auto file = open_base(path);
  if (!file) {
    messages_.error_at(path, file.error());
    return std::nullopt;
  }
  auto base = image::read_base_modules(file->get(), kernel_, scratch, choice_->host_modules());
  if (base) return std::move(*base);
  messages_.error_at(path, base.error());
  return std::nullopt;
}

}  // namespace kip::kmod_pack
