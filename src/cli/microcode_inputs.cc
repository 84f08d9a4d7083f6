#include <algorithm>

#include "src/cli/microcode_inputs.h"

namespace kip::cli {
namespace {

using state::CpuInput;
using state::UpdateInput;

CpuInput cpu_input(const RequestedCpu& cpu) {
  const ucode::Selector& selector = cpu.query.selector;
  return {cpu.label, selector.vendor, selector.signature, selector.platform_flags,
          cpu.query.proven};
}

// For those CPUs that it was chosen for: which others a table names besides is not this image's business.
std::vector<ucode::Target> targets_of(const ucode::Update& update, const ucode::Choice& choice) {
  std::vector<ucode::Target> targets = distinct_targets(update);
  std::erase_if(targets, [&](const ucode::Target& target) {
    return !choice.cpus.contains(target.signature);
  });
  return targets;
}

UpdateInput update_input(const UpdateRow& row, std::vector<ucode::Target> targets) {
  const ucode::Update& it = row.update;
  return {it.vendor, it.revision, it.date, std::move(targets), it.size, row.file, row.offset, {}};
}

bool is_of(const UpdateInput& input, const ucode::Update& update) {
  return update.vendor == input.vendor && update.revision == input.revision &&
         update.size == input.size && update.date == input.date &&
         std::any_of(update.targets.begin(), update.targets.end(), [&](const ucode::Target& it) {
           return std::find(input.targets.begin(), input.targets.end(), it) != input.targets.end();
         });
}

}  // namespace

state::MicrocodeInputs microcode_inputs(const Choice& choice) {
  state::MicrocodeInputs inputs;
  for (const RequestedCpu& cpu : choice.request().cpus) inputs.cpus.push_back(cpu_input(cpu));
  const auto& choices = choice.selection().choices;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const UpdateRow row = row_of(choice.catalog(), choice.entry_of(i));
    inputs.updates.push_back(update_input(row, targets_of(row.update, choices[i])));
  }
  return inputs;
}

// Of several copies of an update, any that can be read.
Status add_digests(const Choice& choice, state::MicrocodeInputs& inputs) {
  Scratch scratch;
  catalog::Loader loader(choice.root(), choice.catalog(), scratch);
  for (std::size_t i = 0; i < inputs.updates.size(); ++i) {
    const auto& copies = choice.selection().choices[i].candidates;
    for (std::size_t copy = 0; copy < copies.size(); ++copy) {
      const auto bytes = loader.load(copies[copy]);
      if (!bytes && copy + 1 < copies.size()) continue;
      if (!bytes)
        return fail(bytes.error().code, quote(inputs.updates[i].file) + ": " + bytes.error().what);
      inputs.updates[i].digest = TRY(digest::sha256(*bytes));
      break;
    }
  }
  return {};
}

Status add_digests(const std::string& early, state::MicrocodeInputs& inputs) {
  const Root root;
  catalog::Catalog catalog;
  catalog::Scanner scanner(root, {.depth = ucode::Depth::kHeaders, .threads = 1}, catalog);
  TRY(scanner.add(early));
  Scratch scratch;
  catalog::Loader loader(root, catalog, scratch);
  for (UpdateInput& input : inputs.updates) {
    const auto found =
        std::find_if(catalog.entries.begin(), catalog.entries.end(),
                     [&](const catalog::Entry& entry) { return is_of(input, entry.update); });
    if (found == catalog.entries.end())
      return fail(Errc::kCorrupt, "lacks an update that was chosen");
    const auto index = static_cast<std::size_t>(found - catalog.entries.begin());
    input.digest = TRY(digest::sha256(TRY(loader.load(index))));
  }
  return {};
}

Result<std::vector<UpdateInput>> update_inputs(
    const catalog::Catalog& catalog,
    const std::function<bool(const catalog::Entry&, const catalog::Stream&)>& counts) {
  const Root root;
  Scratch scratch;
  catalog::Loader loader(root, catalog, scratch);
  std::vector<UpdateInput> inputs;
  for (std::size_t i = 0; i < catalog.entries.size(); ++i) {
    const catalog::Entry& entry = catalog.entries[i];
    if (!counts(entry, catalog.stream_of(entry))) continue;
    const UpdateRow row = row_of(catalog, entry);
    UpdateInput input = update_input(row, distinct_targets(row.update));
    input.digest = TRY(digest::sha256(TRY(loader.load(i))));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

CpuRequest request_of(const std::vector<CpuInput>& cpus) {
  CpuRequest request;
  request.all = cpus.empty();
  for (const CpuInput& cpu : cpus) {
    RequestedCpu requested;
    requested.label = cpu.label;
    ucode::Selector& selector = requested.query.selector;
    selector.vendor = cpu.vendor;
    selector.signature = cpu.signature;
    selector.signature_mask = ucode::kFamilyModelSteppingMask;
    selector.platform_flags = cpu.platform_flags;
    requested.query.proven = cpu.proven;
    request.cpus.push_back(std::move(requested));
  }
  return request;
}

}  // namespace kip::cli
