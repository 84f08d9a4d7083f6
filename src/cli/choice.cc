#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "src/cli/choice.h"
#include "src/cli/effect.h"
#include "ucode/trouble.h"

namespace kip::cli {

using ucode::Verdict;

namespace {

bool is_for(const ucode::Update& update, const ucode::Selector& selector) {
  return std::any_of(update.targets.begin(), update.targets.end(), [&](const auto& target) {
    return selector.matches_cpu(update.vendor, target.signature);
  });
}

}  // namespace

ExitCode Choice::prepare() {
  auto holds = parse_selectors(settings_.holds);
  auto pins = parse_pins(settings_.pins);
  for (const auto* const parsed : {&holds, &pins}) {
    if (!*parsed) messages_.error(parsed->error().what);
  }
  if (!holds || !pins) return ExitCode::kUsage;
  options_.holds = std::move(*holds);
  options_.pins = std::move(*pins);
  options_.kernel = ucode::KernelVersion::parse(settings_.kernel);
  ExitCode code = ExitCode::kDone;
  auto request = settings_.known ? settings_.known : resolve(settings_, messages_, code);
  if (!request) return code;
  request_ = std::move(*request);
  options_.excludes = request_.excludes;
  allow_none_ = settings_.allow_none || request_.all || request_.fleet;
  auto root = open_root(settings_, messages_);
  if (!root) return ExitCode::kFailed;
  root_ = std::move(*root);
  return ExitCode::kDone;
}

ExitCode Choice::read_and_choose(const catalog::ScanOptions& options) {
  catalog_ = {};
  const ExitCode code = scan(root_, settings_, settings_.firmware, options, messages_, catalog_);
  choose_for(list_cpus());
  return code;
}

void Choice::choose_for(std::vector<RequestedCpu> cpus) {
  cpus_ = std::move(cpus);
  std::vector<ucode::CpuQuery> queries;
  for (const RequestedCpu& cpu : cpus_) queries.push_back(cpu.query);
  selection_ = ucode::select(candidates_of(catalog_), queries, options_);
}

std::vector<RequestedCpu> Choice::list_cpus() const {
  std::vector<RequestedCpu> cpus = request_.cpus;
  if (request_.all) {
    for (const ucode::CpuQuery& query : ucode::every_cpu(candidates_of(catalog_))) {
      cpus.push_back(unseen_cpu(query));
    }
  }
  drop_excluded(request_, cpus);
  return cpus;
}

ExitCode Choice::decide() {
  ExitCode code = prepare();
  if (code == ExitCode::kDone) code = read_and_choose(ucode::Depth::kHeaders);
  return code == ExitCode::kDone ? judge() : code;
}

ExitCode Choice::judge() const {
  if (cpus_.empty() && !request_.cpus.empty()) {
    messages_.error("every CPU asked for is deselected");
    return ExitCode::kUsage;
  }
  ExitCode code = judge_damage();
  std::set<std::string> unserved;  // a CPU that runs several revisions is said once
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    const ucode::Answered& answer = selection_.answers[i];
    if (!answer.choices.empty() || !answer.broken.empty()) continue;
    const auto [text, is_new] = unserved.insert(unserved_text(i));
    if (is_new) allow_none_ ? messages_.warning(*text) : messages_.error(*text);
  }
  say_left_out();
  say_trouble();
  say_idle();
  if (unserved.empty() || allow_none_) return code;
  look_for_damage();
  return worse(code, ExitCode::kNothing);
}

ExitCode Choice::judge_sources() const {
  const bool any = std::any_of(catalog_.entries.begin(), catalog_.entries.end(),
                               [](const catalog::Entry& entry) { return entry.sound; });
  const bool implied = allow_none_ && !settings_.allow_none;
  const bool deselected = cpus_.empty() && !request_.cpus.empty();
  if (any || !implied || deselected) return ExitCode::kDone;
  if (const ExitCode code = judge_damage(); code != ExitCode::kDone) return code;
  messages_.error((catalog_.entries.empty() ? "no microcode found" : "no sound microcode found") +
                  where(settings_.firmware));
  return ExitCode::kNothing;
}

ExitCode Choice::judge_damage() const {
  ExitCode code = ExitCode::kDone;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    code = worse(code, judge_broken(i));
    code = worse(code, judge_unread(i));
  }
  if (selection_.choices.empty() && !catalog_.unread.empty()) code = ExitCode::kFailed;
  return code;
}

// A file that could not be read to its end may hold what the CPU needs. Where its name does not say
// so, that matters only if nothing else serves the CPU.
ExitCode Choice::judge_unread(std::size_t cpu) const {
  if (request_.all) return ExitCode::kDone;
  const bool served = !selection_.answers[cpu].choices.empty();
  const auto unread = std::find_if(
      catalog_.unread.begin(), catalog_.unread.end(), [&](const catalog::Unread& file) {
        return (file.claim.by_name || !served) && file.claim.may_serve(cpus_[cpu].query.selector);
      });
  if (unread == catalog_.unread.end()) return ExitCode::kDone;
  messages_.error(cpus_[cpu].label + ": " + quote(unread->path) +
                  " may hold its update, and could not be read");
  return ExitCode::kFailed;
}

// A broken update that would have been the choice fails the CPU that was asked for; with `all`
// nobody was.
ExitCode Choice::judge_broken(std::size_t cpu) const {
  ExitCode code = ExitCode::kDone;
  for (const std::size_t broken : selection_.answers[cpu].broken) {
    const UpdateRow row = row_of(catalog_, catalog_.entries[broken]);
    const std::string text =
        fmt::format("{}: {} at offset {:#x} would be its update (revision {:#010x}), but is broken",
                    cpus_[cpu].label, quote(row.file), row.offset, row.update.revision);
    if (request_.all) {
      messages_.warning(text);
    } else {
      messages_.error(text);
      code = ExitCode::kFailed;
    }
  }
  return code;
}

void Choice::say_left_out() const {
  for (std::size_t i = 0; i < selection_.verdicts.size(); ++i) {
    const Verdict verdict = selection_.verdicts[i];
    if (verdict == Verdict::kChosen || verdict == Verdict::kOtherCpu) continue;
    if (verdict != Verdict::kTie && !messages_.verbose()) continue;
    const UpdateRow row = row_of(catalog_, catalog_.entries[i]);
    const std::string text =
        fmt::format("{} at offset {:#x}, revision {:#010x}: {}", quote(row.file), row.offset,
                    row.update.revision, ucode::verdict_text(verdict));
    verdict == Verdict::kTie ? messages_.warning(text) : messages_.detail(text);
  }
}

// A selector that was mistyped would hold or pin nothing, without a word.
void Choice::say_idle() const {
  const auto idle = [&](const ucode::Selector& selector, bool any_revision) {
    return std::none_of(catalog_.entries.begin(), catalog_.entries.end(), [&](const auto& entry) {
      const ucode::Update& update = entry.update;
      return (any_revision || selector.takes_revision(update.revision)) && is_for(update, selector);
    });
  };
  for (std::size_t i = 0; i < options_.holds.size(); ++i) {
    if (idle(options_.holds[i], false))
      messages_.note("no update is held back by " + quote(settings_.holds[i]));
  }
  for (std::size_t i = 0; i < options_.pins.size(); ++i) {
    if (idle(options_.pins[i], true))
      messages_.note("no update is for a CPU of the pin " + quote(settings_.pins[i]));
  }
}

void Choice::say_trouble() const {
  for (std::size_t i = 0; i < selection_.choices.size(); ++i) {
    const ucode::Update& update = entry_of(i).update;
    const ucode::Trouble* const known = ucode::known_trouble(update);
    if (known == nullptr) continue;
    messages_.warning(
        fmt::format("update {:#010x} for CPU {:#010x} is known to {}; Hold={} "
                    "(or --hold) leaves it out",
                    update.revision, known->cpu.value, known->what,
                    ucode::hold_selector(*known, update.revision)));
  }
}

std::string Choice::unserved_text(std::size_t cpu) const {
  const ucode::Selector& asked = cpus_[cpu].query.selector;
  std::optional<std::size_t> nearest;
  for (std::size_t i = 0; i < catalog_.entries.size(); ++i) {
    if (!is_for(catalog_.entries[i].update, asked)) continue;
    if (selection_.verdicts[i] == Verdict::kChosen) continue;  // for another CPU
    if (!nearest || selection_.verdicts[i] > selection_.verdicts[*nearest]) nearest = i;
  }
  std::string text = cpus_[cpu].label + ": no microcode found for it" + where(settings_.firmware);
  if (nearest) {
    const UpdateRow row = row_of(catalog_, catalog_.entries[*nearest]);
    text += fmt::format("; revision {:#010x} in {} is not taken: {}", row.update.revision,
                        quote(row.file), ucode::verdict_text(selection_.verdicts[*nearest]));
  }
  return text;
}

// Headers alone were read. An update whose very signature was damaged shows only when everything is
// checked.
void Choice::look_for_damage() const {
  catalog::Catalog whole;
  scan(root_, settings_, settings_.firmware, {.depth = ucode::Depth::kChecked, .threads = 1},
       messages_, whole);
  std::erase_if(whole.findings, [&](const Finding& finding) {
    return std::find(catalog_.findings.begin(), catalog_.findings.end(), finding) !=
           catalog_.findings.end();
  });
  if (whole.findings.empty()) return;
  messages_.note("some microcode is broken, and may be what is missing:");
  say_findings(whole, messages_);
}

// Of two patches for one CPU, one on each side of the EntrySign fix.
std::string Choice::pair_effect(ucode::EntrySignClass group) const {
  if (group == ucode::EntrySignClass::kFixed) return "loads on a BIOS with the EntrySign fix";
  const auto selects = options_.kernel ? ucode::holds(ucode::KernelRule::kSelect, *options_.kernel)
                                       : ucode::Answer::kUnknown;
  if (selects == ucode::Answer::kNo)
    return "kept for kernels that choose; this one takes the newer or none";
  const std::string text = "loads on a BIOS without the EntrySign fix";
  return selects == ucode::Answer::kYes ? text : text + ", if the kernel selects (6.19 on)";
}

std::string Choice::effect(const RequestedCpu& cpu, const ucode::Update& update,
                           std::size_t updates) const {
  const bool amd = update.vendor == ucode::Vendor::kAmd;
  const auto group = amd ? ucode::entrysign_class(update.revision) : std::nullopt;
  if (updates > 1 && group) return pair_effect(*group);
  if (updates > 1 && !amd && !cpu.guest && !cpu.query.selector.platform_flags)
    return "loads if this is its platform, and the BIOS left an older revision";
  const std::string effect = effect_on(cpu, update);
  const std::string refused = refusal(cpu, update, settings_.kernel);
  return refused.empty() ? effect : refused + "; " + effect;
}

std::vector<image::ManifestCpu> Choice::served() const {
  std::set<image::ManifestCpu> found;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    const ucode::CpuQuery& query = cpus_[i].query;
    for (const std::size_t choice : selection_.answers[i].choices) {
      const ucode::Update& update = entry_of(choice).update;
      for (const ucode::Target& target : update.targets) {
        if (!selection_.choices[choice].cpus.contains(target.signature)) continue;
        if (!query.selector.matches_cpu(update.vendor, target.signature)) continue;
        if (target.platform_flags == 0) found.insert({update.vendor, target, query.proven});
        std::uint32_t flags = target.platform_flags & query.selector.platform_flags.value_or(~0U);
        for (; flags != 0; flags &= flags - 1) {
          const std::uint32_t lowest = flags & (~flags + 1);
          found.insert({update.vendor, {target.signature, lowest}, query.proven});
        }
      }
    }
  }
  return {found.begin(), found.end()};
}

PackReport Choice::summary(const std::vector<std::size_t>& copies) const {
  PackReport report;
  report.updates = selection_.choices.size();
  report.notes = request_.notes;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    PackedCpu packed{cpus_[i].label, cpus_[i].running, {}, {}};
    const auto& choices = selection_.answers[i].choices;
    for (const std::size_t choice : choices) {
      packed.updates.push_back(row_of(catalog_, catalog_.entries[copies[choice]]));
      packed.effect.push_back(effect(cpus_[i], entry_of(choice).update, choices.size()));
    }
    report.cpus.push_back(std::move(packed));
  }
  return report;
}

}  // namespace kip::cli
