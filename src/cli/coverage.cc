#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>

#include "src/cli/coverage.h"
#include "src/cli/loader_source.h"
#include "ucode/kernel_rules.h"

namespace kip::cli {
namespace {

using checks::Outcome;
using ucode::Vendor;

// A CPU, whatever runs on it and however it was named.
using Identity = std::tuple<Vendor, ucode::CpuSignature, std::optional<std::uint32_t>>;

Identity identity(const CoveredCpu& row) {
  return {row.vendor, {row.cpu.query.selector.signature}, row.platform_flags()};
}

std::string name_of(const Identity& identity) {
  const auto& [vendor, signature, flags] = identity;
  const std::string name = label_of(signature);
  return flags ? name + fmt::format(",{:#04x}", *flags) : name;
}

std::vector<std::uint32_t> revisions_of(const Choice& choice, std::size_t cpu) {
  std::set<std::uint32_t> found;
  for (const std::size_t it : choice.selection().answers[cpu].choices)
    found.insert(choice.entry_of(it).update.revision);
  return {found.begin(), found.end()};
}

std::set<digest::Sha256> digests_chosen(const Choice& choice, std::size_t cpu) {
  std::set<digest::Sha256> found;
  for (const std::size_t it : choice.selection().answers[cpu].choices) {
    if (const auto& digest = choice.entry_of(it).digest) found.insert(*digest);
  }
  return found;
}

Change change_between(const Choice& old, const Choice& now, std::size_t cpu, Vendor vendor) {
  const auto before = revisions_of(old, cpu), after = revisions_of(now, cpu);
  if (before.empty() || after.empty()) {
    if (before.empty() && after.empty()) return Change::kNone;
    return before.empty() ? Change::kAdded : Change::kGone;
  }
  if (after.back() != before.back())
    return ucode::is_newer(vendor, after.back(), before.back()) ? Change::kNewer : Change::kOlder;
  const bool same = before == after && digests_chosen(old, cpu) == digests_chosen(now, cpu);
  return same ? Change::kSame : Change::kOther;
}

struct Account {
  CoverageCost cost;
  std::set<std::size_t> updates;
};

class Coverer {
 public:
  Coverer(const Choice& choice, const Choice* old)
      : choice_(choice), old_(old), source_(of_selection(choice.catalog(), choice.selection())) {}

  CoverageReport run() {
    report_.left_out = machines_left_out(choice_.request());
    report_.machines = choice_.request().machines - report_.left_out;
    report_.compared = old_ != nullptr;
    report_.others = choice_.request().others;
    report_.updates = choice_.selection().choices.size();
    for (std::size_t i = 0; i < choice_.cpus().size(); ++i) report_.cpus.push_back(row(i));
    add_costs();
    sort();
    return std::move(report_);
  }

 private:
  CoveredCpu row(std::size_t index) {
    CoveredCpu row;
    row.cpu = choice_.cpus()[index];
    std::sort(row.cpu.names.begin(), row.cpu.names.end());
    row.vendor = vendor_of(index);
    row.packed = revisions_of(choice_, index);
    row.available = available(row.cpu.query.selector);
    if (old_ != nullptr) {
      row.old = revisions_of(*old_, index);
      row.change = change_between(*old_, choice_, index, row.vendor);
    }
    predict(row);
    row.state = state_of(row);
    row.faults = faults_of(row);
    row.may_be_refused = may_be_refused(row);
    return row;
  }

  // Families from 10h on exist at both: whoever's update it gets.
  Vendor vendor_of(std::size_t index) const {
    const ucode::Selector& asked = choice_.cpus()[index].query.selector;
    if (asked.vendor) return *asked.vendor;
    for (const Choice* const choice : {&choice_, old_}) {
      if (choice == nullptr || choice->selection().answers[index].choices.empty()) continue;
      return choice->entry_of(choice->selection().answers[index].choices.front()).update.vendor;
    }
    return ucode::has_loader(Vendor::kIntel, {asked.signature}) ? Vendor::kIntel : Vendor::kAmd;
  }

  // Debug revisions of Intel's are no release.
  std::optional<std::uint32_t> available(const ucode::Selector& asked) const {
    std::optional<std::uint32_t> newest;
    for (const catalog::Entry& entry : choice_.catalog().entries) {
      const ucode::Update& it = entry.update;
      const bool debug = it.vendor == Vendor::kIntel && (it.revision >> 31) != 0;
      const bool is_for =
          std::any_of(it.targets.begin(), it.targets.end(), [&](const auto& target) {
            return asked.matches_cpu(it.vendor, target.signature) &&
                   ucode::flags_meet(asked, it.vendor, target);
          });
      if (entry.sound && is_for && !debug) newest = std::max(newest.value_or(0), it.revision);
    }
    return newest;
  }

  void predict(CoveredCpu& row) {
    const std::array<std::span<const ucode::Update>, 2> streams = {source_.streams[0].updates,
                                                                   source_.streams[1].updates};
    checks::Question question{ucode::kernel_ranges(choice_.options().kernel), false, {}, {}};
    question.switches.hypervisor = row.cpu.guest;
    for (const LoaderCases& cases : loader_cases(row.cpu, streams)) {
      if (cases.vendor != row.vendor) continue;
      const LoaderStream& stream = source_.of(cases.vendor);
      question.has_digest = digests_of(stream);
      PredictedCpu predicted{row.cpu.label, cases.vendor, cases.signature, {}, false, {}, {}, {}};
      for (const LoaderCase& it : cases.cases) {
        PredictedCase made{it.cpu.platform_flags, std::nullopt, it.bios, {}};
        made.kernels.push_back({"", checks::predict(stream.updates, it.cpu, question)});
        add_case(std::move(made), predicted);
      }
      take_answers(predicted, stream, row);
    }
    std::set<std::string> kinds;
    for (const CoverageAnswer& it : row.answers) kinds.insert(outcome_name(it.outcome.kind));
    row.verdict = kinds.size() == 1 ? *kinds.begin() : "varies";
  }

  // Where nothing loads, predict names whatever of the archive comes nearest: that depends on the other CPUs in it.
  static Outcome plain(Outcome outcome, const CoveredCpu& row) {
    if (row.packed.empty() && outcome.kind == Outcome::Kind::kOff)
      outcome.kind = Outcome::Kind::kNothing;
    if (outcome.kind == Outcome::Kind::kNothing) outcome.text = "no update is for this CPU";
    if (outcome.kind == Outcome::Kind::kOff && row.cpu.guest)
      outcome.text = "in a guest the loader is off";
    return outcome;
  }

  static void take_answers(const PredictedCpu& predicted, const LoaderStream& stream,
                           CoveredCpu& row) {
    const bool known = row.cpu.query.selector.platform_flags.has_value();
    for (const PredictedCase& it : predicted.cases) {
      const checks::Predicted& said = it.kernels.front().predicted;
      for (const Outcome& outcome : said.outcomes) {
        CoverageAnswer answer{known ? 0 : it.platforms, it.bios, plain(outcome, row), {}};
        if (outcome.kind == Outcome::Kind::kLoads)
          answer.revision = stream.updates[*outcome.update].revision;
        row.answers.push_back(std::move(answer));
      }
      if (said.remedy.empty()) continue;
      row.remedy = said.remedy;
      if (!row.cpu.query.proven) row.remedy_bios = it.bios;
    }
  }

  static RunState state_of(const CoveredCpu& row) {
    if (row.cpu.guest) return RunState::kGuest;
    if (row.packed.empty()) return RunState::kUnserved;
    std::set<std::uint32_t> loads;
    for (const CoverageAnswer& it : row.answers) {
      if (it.revision) loads.insert(*it.revision);
      // Nothing newer than what the BIOS left: as if that had been loaded.
      if (it.outcome.kind == Outcome::Kind::kKeeps) loads.insert(row.packed.back());
    }
    if (loads.empty()) return RunState::kRefused;
    if (!row.cpu.running) return RunState::kUnknown;
    if (loads.contains(*row.cpu.running)) return RunState::kCurrent;
    const bool ahead = std::all_of(loads.begin(), loads.end(), [&](std::uint32_t it) {
      return ucode::is_newer(row.vendor, *row.cpu.running, it);
    });
    return ahead ? RunState::kAhead : RunState::kBehind;
  }

  // What an update takes is on the account of each CPU that gets it, whatever runs there; alone on that of one that is the only one.
  void add_costs() {
    std::vector<std::set<Identity>> users(report_.updates);
    for (std::size_t i = 0; i < report_.cpus.size(); ++i) {
      for (const std::size_t it : choice_.selection().answers[i].choices)
        users[it].insert(identity(report_.cpus[i]));
    }
    std::map<Identity, Account> accounts;
    for (std::size_t i = 0; i < report_.cpus.size(); ++i) {
      CoveredCpu& row = report_.cpus[i];
      Account& account = accounts[identity(row)];
      for (const std::size_t it : choice_.selection().answers[i].choices) {
        account.updates.insert(it);
        row.bytes += size_of(it);
        if (users[it].size() == 1) row.bytes_alone += size_of(it);
      }
      CoverageCost& cost = account.cost;
      cost.cpu = name_of(identity(row));
      cost.machines += row.cpu.machines;
      if (row.cpu.guest) cost.guests += row.cpu.machines;
      cost.kinds.push_back(row.cpu);
      cost.bytes = std::max(cost.bytes, row.bytes);
      cost.bytes_alone = std::max(cost.bytes_alone, row.bytes_alone);
    }
    sort_costs(std::move(accounts), std::move(users));
  }

  // Next comes whoever saves most by leaving once those in front are gone.
  void sort_costs(std::map<Identity, Account> accounts, std::vector<std::set<Identity>> users) {
    while (!accounts.empty()) {
      auto dearest = accounts.end();
      std::pair<std::uint64_t, std::uint64_t> most;
      for (auto it = accounts.begin(); it != accounts.end(); ++it) {
        std::pair<std::uint64_t, std::uint64_t> saves = {0, it->second.cost.bytes};
        for (const std::size_t update : it->second.updates)
          if (users[update].size() == 1) saves.first += size_of(update);
        if (dearest != accounts.end() && saves <= most) continue;
        dearest = it;
        most = saves;
      }
      for (const std::size_t update : dearest->second.updates) users[update].erase(dearest->first);
      report_.costs.push_back(std::move(dearest->second.cost));
      accounts.erase(dearest);
    }
  }

  std::uint64_t size_of(std::size_t choice) const { return choice_.entry_of(choice).update.size; }

  // By what they are, so that the order of a fleet's file does not show.
  void sort() {
    const auto key = [](const CoveredCpu& row) {
      const ucode::Selector& it = row.cpu.query.selector;
      return std::tuple(row.vendor, it.signature, it.platform_flags, row.cpu.running, row.cpu.guest,
                        row.cpu.query.proven, row.cpu.label);
    };
    std::sort(report_.cpus.begin(), report_.cpus.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    std::sort(report_.others.begin(), report_.others.end(), [](const auto& a, const auto& b) {
      return std::tie(a.vendor_id, a.signature) < std::tie(b.vendor_id, b.signature);
    });
  }

  const Choice& choice_;
  const Choice* const old_;
  const LoaderSource source_;
  CoverageReport report_;
};

}  // namespace

CoverageReport cover(const Choice& choice, const Choice* old) {
  return Coverer(choice, old).run();
}

}  // namespace kip::cli
