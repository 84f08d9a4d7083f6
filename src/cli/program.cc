#include "src/cli/program.h"

namespace kip::cli::detail {

bool wants_all_verbs(std::span<char* const> words) {
  return std::any_of(words.begin(), words.end(), [](std::string_view word) {
    const bool is_short = word.starts_with('-') && !word.starts_with("--");
    return (is_short && word.find('h') != word.npos) || word.starts_with("--help") ||
           word.starts_with("--completion");
  });
}

ExitCode print_completion(const CLI::App& app, const std::string& shell, const Messages& messages) {
  const auto script = completion(app, shell);
  if (!script) {
    messages.error("completion is for bash, zsh or fish");
    return ExitCode::kUsage;
  }
  return messages.print(*script) ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace kip::cli::detail
