#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>

#include "src/modules/config.h"

namespace kip::modules {
namespace {

constexpr std::string_view kBlanks = " \t";

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// The names in one directory that count.
std::vector<std::string> config_names(const Root& root, const std::string& directory) {
  std::vector<std::string> names;
  const auto opened = root.open(directory, O_RDONLY | O_DIRECTORY);
  if (!opened) return names;
  // The stream closes its descriptor, so it gets one of its own.
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0)));
  while (stream != nullptr && names.size() < kConfigFilesLimit) {
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name.ends_with(".conf") && !name.starts_with('.')) names.emplace_back(name);
  }
  return names;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) return words;
    words.emplace_back(text.substr(0, text.find_first_of(kBlanks)));
    text.remove_prefix(words.back().size());
  }
}

Softdeps split_softdeps(std::span<const std::string> words) {
  Softdeps softdeps;
  std::vector<std::string>* list = nullptr;
  for (const std::string& word : words) {
    if (word == "pre:") {
      list = &softdeps.pre;
    } else if (word == "post:") {
      list = &softdeps.post;
    } else if (list != nullptr) {
      list->push_back(word);
    }
  }
  return softdeps;
}

std::vector<std::vector<std::string>> parse_config(std::string_view text) {
  std::vector<std::vector<std::string>> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    line += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\\') && !text.empty()) {
      line.pop_back();
      continue;
    }
    if (!line.starts_with('#')) {
      if (auto words = words_of(line); !words.empty()) lines.push_back(std::move(words));
    }
    line.clear();
  }
  return lines;
}

Config read_config(const Root& root, std::span<const char* const> directories) {
  std::map<std::string, std::string> paths;  // by name
  for (const char* const directory : directories) {
    for (const std::string& name : config_names(root, directory))
      paths.emplace(name, std::string(directory) + "/" + name);
  }
  Config config;
  for (const auto& [name, path] : paths) {
    const auto bytes = read_file(root, path, kConfigLimit);
    if (!bytes) {
      config.findings.push_back({Severity::kWarning, "kmod-config", path, std::nullopt,
                                 bytes.error().what + ", skipping", ""});
      continue;
    }
    for (auto& line : parse_config(as_text(*bytes))) config.lines.push_back(std::move(line));
  }
  return config;
}

}  // namespace kip::modules
