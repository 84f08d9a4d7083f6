#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>

#include "src/base/atomic_file.h"
#include "src/cli/module_choice.h"
#include "src/cli/module_step.h"
#include "src/cli/packing.h"
#include "src/cli/staging.h"
#include "src/codec/encode.h"
#include "src/state/pending.h"

namespace kip::cli {
namespace {

using Unmet = std::vector<std::pair<std::string, policy::ModuleRule>>;

// What Require= asks for, where no tree tells which modules these are.
Unmet required_by(const policy::ModuleRules& rules) {
  Unmet required;
  for (const policy::ModuleRule& rule : rules.rules) {
    const std::string name = modules::module_name(rule.pattern);
    if (rule.effect == policy::Effect::kRequire && decide(rules, {name, {}}).required)
      required.emplace_back(name, rule);
  }
  return required;
}

bool is_directory(const Root& root, const std::string& path) {
  return root.open(path, O_PATH | O_DIRECTORY).has_value();
}

bool has_tree(const Root& root, const std::string& kernel) {
  return kernel.find('/') == kernel.npos && !kernel.starts_with('.') &&
         (is_directory(root, "/lib/modules/" + kernel) ||
          is_directory(root, "/usr/lib/modules/" + kernel));
}

// As one file: what a kernel gets of several, with the zeros that it needs between them.
Result<Fd> open_bases(const std::vector<std::string>& bases, const std::string& work) {
  const Root host;
  std::vector<image::Piece> pieces;
  for (const std::string& base : bases) {
    image::Opened opened = TRY(image::open_regular(host, base));
    if (bases.size() == 1) return std::move(opened.file);
    const image::Shape shape = TRY(image::read_shape(opened.file.get(), image::Depth::kWhole));
    pieces.push_back(image::piece_of(base, opened, {{0, opened.size}}, shape));
  }
  AtomicFile joined = TRY(AtomicFile::create_staged(work + "/base"));
  TRY(image::write_pieces(host, pieces, joined));
  Fd file(::fcntl(joined.descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!file) return fail_errno("dup");
  return file;
}

}  // namespace

struct ModuleStep::State {
  const Plugin& plugin;
  const Messages& messages;
  std::string staging;
  policy::ModuleRules rules;
  std::unique_ptr<ModuleChoice> choice;  // nullptr: not read, or in vain
  bool decided = false;                  // policy is known
  bool lost = false;
  bool none_to_be_had = false;  // of what policy selects
  bool refused = false;         // by Unsigned=fail
  std::vector<std::string> bases;
  std::unique_ptr<image::BaseModules> base;  // likewise
  std::unique_ptr<image::OverlayPlan> plan;  // of what was built
  std::string overlay;

  explicit State(const Plugin& it)
      : plugin(it), messages(it.messages()), staging(it.call().staging) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { clear_work(); }

  std::string work() const { return staging + "/" + kWorkDirectory; }

  void clear_work() const {
    std::error_code ignored;
    if (open_own_directory(staging)) std::filesystem::remove_all(work(), ignored);
  }

  Status make_work() const {
    TRY(make_own_directory(staging));
    clear_work();
    if (::mkdir(work().c_str(), 0700) != 0) return fail_errno("cannot be made");
    return {};
  }

  bool selects() const { return choice && choice->selects() && !none_to_be_had; }
  bool may_fail() const {
    return plugin.settings().modules.on_require.value == policy::OnRequire::kFail;
  }

  void lose(const std::string& why) {
    lost = true;
    plan.reset();
    overlay.clear();
    if (!why.empty()) messages.warning("no modules are added: " + why);
  }
  void lose(const std::string& path, const Error& error) { lose(quote(path) + ": " + error.what); }

  Unmet unmet() const {
    if (!choice) return required_by(rules);
    const image::BaseModules none;
    return choice->unmet(base ? *base : none, plan.get());
  }

  bool has_something() {
    const auto closure = choice->closure();
    if (!closure) {
      lose("their dependencies", closure.error());
    } else if (const std::optional<std::string>& why = choice->refusal()) {
      refused = true;
      messages.error(*why);
    } else {
      none_to_be_had = closure->modules.empty();
      return !none_to_be_had;
    }
    return false;
  }

  Status write(const image::OverlayPlan& planned, Place place, std::uint64_t in_front,
               AtomicFile& file) const;
  void record(const Unmet& unmet) const;
  void say_added(std::uint64_t size) const;
};

ModuleStep::ModuleStep(const Plugin& plugin) : state_(std::make_unique<State>(plugin)) {}
ModuleStep::~ModuleStep() = default;

void ModuleStep::decide() {
  State& state = *state_;
  const Root& root = state.plugin.root();
  const std::string& kernel = state.plugin.call().kernel;
  const policy::Settings& settings = state.plugin.settings();
  const auto dracut = policy::read_dracut_files(root);
  state.rules = policy::module_rules(settings, dracut ? *dracut : policy::DracutFiles());
  if (!dracut) return state.lose(dracut.error().what);
  const bool ours = std::any_of(
      state.rules.rules.begin(), state.rules.rules.end(),
      [](const policy::ModuleRule& rule) { return rule.weight >= policy::Weight::kPackage; });
  state.decided = true;
  if (!has_tree(root, kernel)) {
    // dracut's rules are mostly about the kernel's own modules, and a kernel may have none.
    if (ours) state.lose("there are no modules of kernel " + quote(kernel));
    return;
  }
  if (state.rules.rules.empty()) {
    for (const Finding& finding : state.rules.findings) state.messages.finding(finding);
    return;
  }
  state.choice = std::make_unique<ModuleChoice>(root, kernel, state.messages, &settings);
  if (state.choice->read() == ExitCode::kDone) return;
  state.choice.reset();
  state.decided = false;
  state.lose("it is not known which");
}

bool ModuleStep::idle() const {
  return state_->decided && !state_->lost && !state_->selects() && !requires_some();
}

bool ModuleStep::requires_some() const {
  return !required_by(state_->rules).empty();
}

bool ModuleStep::drops_overlay() const {
  return state_->decided && !state_->lost && !state_->refused && !state_->selects();
}

void ModuleStep::read(const std::vector<std::string>& bases) {
  State& state = *state_;
  if (idle() || state.lost || bases.empty()) return;
  state.bases = bases;
  if (const Status made = state.make_work(); !made) return state.lose(state.work(), made.error());
  const auto file = open_bases(bases, state.work());
  if (!file) return state.lose(bases.front(), file.error());
  const std::string host_modules = state.choice ? state.choice->host_modules() : "";
  auto base =
      image::read_base_modules(file->get(), state.plugin.call().kernel, state.work(), host_modules);
  if (!base) return state.lose(bases.front(), base.error());
  if (!base->sealed.empty()) {
    return state.lose(quote(bases.front()) + ": its root file system is sealed in " +
                      quote(base->sealed));
  }
  state.base = std::make_unique<image::BaseModules>(std::move(*base));
}

Status ModuleStep::State::write(const image::OverlayPlan& planned, Place place,
                                std::uint64_t in_front, AtomicFile& file) const {
  image::OverlayOptions options;
  options.mtime = source_date_epoch(messages).value_or(0);
  options.method = choice->compression(*base);
  if (place == Place::kBehind) return image::write_overlay(planned, options, file);
  // Some loaders put the files behind each other as they are: only compressed data may then begin anywhere. The zeros
  // end legacy lz4.
  if ((base->tail.size + in_front) % 4 != 0 && !options.method)
    options.method = base->method.value_or(codec::Method::kGzip);
  if (options.method && !codec::can_encode(*options.method)) options.method = codec::Method::kGzip;
  TRY(file.write_zeros(4));
  TRY(image::write_overlay(planned, options, file));
  return file.write_zeros((4 - file.written() % 4) % 4);
}

void ModuleStep::State::say_added(std::uint64_t size) const {
  for (const Finding& finding : plan->findings) messages.finding(finding);
  for (const image::OverlayModule& module : plan->manifest.modules) {
    messages.detail(
        fmt::format("{}: {} {}", quote(module.path), module.reason.cause, module.reason.detail));
  }
  messages.note(fmt::format("{}: {} behind it, {} bytes", quote(bases.back()),
                            counted(plan->manifest.modules.size(), "module"), size));
}

void ModuleStep::build(Place place, std::uint64_t in_front) {
  State& state = *state_;
  if (!state.base || !state.selects() || !state.has_something()) return;
  auto planned = state.choice->plan(*state.base, state.work());
  if (!planned) return state.lose(state.bases.front(), planned.error());
  const std::string path =
      state.staging + "/" + (place == Place::kBehind ? kOverlayPart : kOverlayFile);
  auto file = AtomicFile::create_staged(path);
  if (!file) return state.lose(path, file.error());
  Status status = state.write(*planned, place, in_front, *file);
  if (status) status = file->commit();
  if (!status) return state.lose(path, status.error());
  if (place == Place::kBehind) state.overlay = path;
  state.plan = std::make_unique<image::OverlayPlan>(std::move(*planned));
  state.say_added(file->written());
  state.clear_work();
}

void ModuleStep::lose(const std::string& why) {
  if (!idle()) state_->lose(why);
}

const std::string& ModuleStep::overlay() const {
  return state_->overlay;
}

const image::Tail* ModuleStep::tail() const {
  return state_->base ? &state_->base->tail : nullptr;
}

ModuleChoice* ModuleStep::choice() const {
  return state_->choice.get();
}
const image::BaseModules* ModuleStep::base() const {
  return state_->base.get();
}
const image::OverlayPlan* ModuleStep::plan() const {
  return state_->plan.get();
}

bool ModuleStep::fails() const {
  return state_->refused || (state_->may_fail() && !state_->unmet().empty());
}

void ModuleStep::State::record(const Unmet& unmet) const {
  const Invocation& call = plugin.call();
  state::Pending pending{call.kernel, {}, call.arguments};
  for (const auto& [name, rule] : unmet) pending.modules.push_back({name, to_text(rule)});
  const Status written = state::write_pending(call.root, pending);
  if (!written) messages.warning("that cannot be recorded: " + written.error().what);
}

int ModuleStep::finish() {
  const State& state = *state_;
  const Unmet unmet = state.unmet();
  for (const auto& [name, rule] : unmet) {
    const std::string text = quote(name) +
                             " is in neither the initrd nor the archive of modules, and " +
                             to_text(rule) + " wants it";
    state.may_fail() ? state.messages.error(text) : state.messages.warning(text);
  }
  if (!unmet.empty()) {
    state.record(unmet);
  } else if (!state.refused) {
    forget_pending(state.plugin);
  }
  return fails() ? 1 : 0;
}

int forget_pending(const Plugin& plugin) {
  const Status removed = state::remove_pending(plugin.call().root, plugin.call().kernel);
  // Of a kernel whose name could be no file's there is none.
  if (!removed && removed.error().code != Errc::kInvalid)
    plugin.messages().warning(removed.error().what);
  return 0;
}

}  // namespace kip::cli
