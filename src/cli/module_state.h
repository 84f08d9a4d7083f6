// What a ModuleChoice knows, and how it came to know it. Behind module_choice.h.
#pragma once

#include "src/checks/lint.h"
#include "src/cli/module_files.h"

namespace kip::cli {

struct ModuleChoice::State {
  State(const Root& given_root, std::string given_kernel, const Messages& given_messages,
        const policy::Settings* given_settings, Say given_say)
      : root(given_root),
        kernel(std::move(given_kernel)),
        messages(given_messages),
        settings(given_settings),
        say(given_say) {}

  void add(Finding finding);
  void add(Severity severity, const char* rule, const modules::ModuleFile& file, std::string text);
  ExitCode failed(const std::string& path, const Error& error) const;
  bool read_settings();
  bool read_dracut();
  ExitCode read_tree();
  void decide();
  void find_winners();
  void check_index();
  std::string unfit(const modules::Module& module) const;
  const DecidedModule* decided(const modules::ModuleFile& file) const;
  void look_at(const Loadable& loadable);
  void look_at_omitted(const DecidedModule& module, const modules::Needed& needed,
                       const modules::Closure& closure);
  void look_at_signature(const modules::Module& module);

  const Root& root;
  const std::string kernel;
  const Messages& messages;
  const policy::Settings* settings;
  const Say say;
  std::string root_path;
  policy::Settings own_settings;
  policy::DracutFiles dracut;
  policy::ModuleRules rules;
  std::optional<modules::Tree> tree;
  std::string host_modules;
  modules::OutOfTree out_of_tree;
  checks::Signatures signatures = checks::Signatures::kNotKnown;
  std::vector<DecidedModule> modules;
  std::optional<Loadable> loadable;
  std::vector<image::OverlayFile> files;
  std::optional<std::string> refusal;
  std::vector<Finding> findings;
};

}  // namespace kip::cli
