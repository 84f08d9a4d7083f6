#include <fmt/format.h>
#include <gmock/gmock.h>

#include "src/checks/lint_view.h"
#include "tests/base/must.h"
#include "tests/checks/lint_scene.h"
#include "tests/support/temp_dir.h"

namespace kip::checks {
namespace {

constexpr const char* kInTree[] = {
    "kernel/drivers/md/dm-mod.ko", "kernel/drivers/media/videodev.ko",
    "kernel/drivers/platform/x86/hdaps.ko", "kernel/fs/ext4/ext4.ko"};

const char* severity_text(Severity severity) {
  if (severity == Severity::kError) return "error";
  return severity == Severity::kWarning ? "warning" : "note";
}

modules::Module module_of(const SceneModule& scene) {
  modules::Module module;
  module.file = {modules::module_name(scene.path), scene.path};
  module.aliases = scene.aliases;
  module.vermagic = scene.vermagic;
  if (scene.is_signed) module.signature.emplace();
  return module;
}

// What depmod would have listed: of twins, what lies in updates/ or extra/.
std::map<std::string, KnownName> names_of(const modules::OutOfTree& all) {
  std::map<std::string, KnownName> names = {{"fat", {KnownName::Kind::kBuiltin}},
                                            {"virtio_blk", {KnownName::Kind::kBuiltin}},
                                            {"fs-ext4", {KnownName::Kind::kFile, kInTree[3]}}};
  for (const char* const path : kInTree)
    names[modules::module_name(path)] = {KnownName::Kind::kFile, path};
  for (const modules::Module& module : all.modules) {
    names[module.file.name] = {KnownName::Kind::kFile, module.file.path};
    for (const std::string& alias : module.aliases)
      names[alias] = {KnownName::Kind::kFile, module.file.path};
  }
  return names;
}

modules::OutOfTree out_of_tree(const LintScene& scene) {
  modules::OutOfTree all;
  for (const SceneModule& module : scene.modules) all.modules.push_back(module_of(module));
  return all;
}

LintFacts facts_of(const LintScene& scene, const Root& root, const LintInput& input) {
  LintFacts facts;
  facts.kernel = kLintKernel;
  facts.directory = std::string("/lib/modules/") + kLintKernel;
  for (const modules::Module& module : input.out_of_tree.modules)
    facts.files.push_back(module.file);
  for (const char* const path : kInTree)
    facts.files.push_back({modules::module_name(path), path, true});
  std::sort(facts.files.begin(), facts.files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  if (scene.builtin_is_known) facts.builtin = {"fat", "virtio_blk"};
  if (scene.index != Index::kMissing) facts.names = names_of(input.out_of_tree);
  for (const auto& [name, known] : scene.names) facts.names[name] = known;
  facts.index = scene.index;
  facts.closure.modules = scene.along;
  facts.closure.missing = scene.missing;
  facts.stale = scene.stale;
  facts.stale_in_overlay = scene.stale_in_overlay;
  facts.replaced = replaced_conf(root);
  facts.masks = masks_in_etc(root);
  return facts;
}

image::BaseModules base_of(const LintScene& scene) {
  image::BaseModules base;
  for (const std::string& path : *scene.packed)
    base.modules[modules::module_name(path)].path = path;
  image::OwnOverlay overlay;
  overlay.manifest.kernel = scene.overlay_kernel;
  for (const std::string& path : scene.overlay) {
    image::OverlayModule& module = overlay.manifest.modules.emplace_back();
    module.name = modules::module_name(path);
    module.path = path;
  }
  if (!scene.overlay.empty()) base.tail.overlays.push_back(overlay);
  base.paths.insert(scene.programs.begin(), scene.programs.end());
  base.sealed = scene.sealed;
  return base;
}

std::string to_text(const Finding& finding) {
  return fmt::format("{} {} {}", severity_text(finding.severity), finding.rule, finding.place);
}

}  // namespace

void PrintTo(const LintCase& row, std::ostream* out) {
  *out << row.name;
}

void expect_lint(const LintCase& row) {
  const LintScene& scene = row.scene;
  const support::TempDir directory;
  for (const SceneFile& file : scene.files) {
    if (file.text.starts_with("->")) {
      directory.link(file.path, file.text.substr(2));
    } else {
      directory.write(file.path, file.text);
    }
  }
  const Root root = must(Root::at(directory.path()));
  const policy::Settings settings = must(policy::read_settings(root));
  const policy::DracutFiles dracut = must(policy::read_dracut_files(root));
  const policy::ModuleRules rules = policy::module_rules(settings, dracut);
  ASSERT_FALSE(settings.broken());
  const modules::OutOfTree all = out_of_tree(scene);
  LintInput input{rules, settings, dracut, all};
  if (!scene.root.empty()) input.root = host::root_needs_of(scene.root);
  input.root.modules.insert(input.root.modules.end(), scene.devices.begin(), scene.devices.end());
  input.signatures = scene.signatures;
  input.packable = scene.packable;
  image::BaseModules base;
  if (scene.packed) {
    base = base_of(scene);
    input.base = &base;
    input.base_path = "/boot/initrd.img";
  }
  const std::vector<Finding> findings = lint(facts_of(scene, root, input), input);
  std::vector<std::string> got, wanted;
  for (const Finding& finding : findings) got.push_back(to_text(finding));
  for (const Found& found : row.found) wanted.push_back(found.what);
  std::string all_lines;
  for (const Finding& finding : findings) all_lines += to_line(finding) + "\n";
  ASSERT_EQ(got, wanted) << all_lines;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    EXPECT_FALSE(findings[i].remedy.empty()) << all_lines;
    const std::string said = findings[i].text + " (" + findings[i].remedy + ")";
    for (const std::string& word : row.found[i].words) EXPECT_THAT(said, testing::HasSubstr(word));
  }
}

SceneFile kip_etc(const std::string& name, const std::string& lines) {
  return {"etc/kip/kip.conf.d/" + name, "[Modules]\n" + lines + "\n"};
}

SceneFile kip_package(const std::string& name, const std::string& lines) {
  return {"usr/lib/kip/kip.conf.d/" + name, "[Modules]\n" + lines + "\n"};
}

SceneFile dracut_etc(const std::string& name, const std::string& lines) {
  return {"etc/dracut.conf.d/" + name, lines + "\n"};
}

SceneFile dracut_package(const std::string& name, const std::string& lines) {
  return {"usr/lib/dracut/dracut.conf.d/" + name, lines + "\n"};
}

}  // namespace kip::checks
