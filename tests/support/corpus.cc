#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/support/corpus.h"

namespace kip::support {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Row::Row(std::vector<std::string> names, const std::vector<std::string>& fields) {
  if (names.size() != fields.size()) throw std::runtime_error("a line with missing fields");
  for (std::size_t i = 0; i < names.size(); ++i) fields_[std::move(names[i])] = fields[i];
}

const std::string& Row::operator[](const std::string& name) const {
  return fields_.at(name);
}

std::uint32_t Row::number(const std::string& name) const {
  return static_cast<std::uint32_t>(std::stoul(fields_.at(name), nullptr, 0));
}

std::vector<std::string> Row::list(const std::string& name) const {
  const std::string& field = fields_.at(name);
  return field == "-" ? std::vector<std::string>() : split(field, ',');
}

bool Corpus::present() const {
  return std::filesystem::is_directory(path_ + "/expected");
}

std::string Corpus::operator/(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

std::vector<Row> Corpus::table(const std::string& name) const {
  std::ifstream in(*this / "expected/" + name);
  std::string line;
  if (!std::getline(in, line) || !line.starts_with('#')) throw std::runtime_error("no " + name);
  const std::vector<std::string> names = split(std::string_view(line).substr(1), '\t');
  std::vector<Row> rows;
  while (std::getline(in, line)) rows.emplace_back(names, split(line, '\t'));
  return rows;
}

const Corpus& corpus() {
  static const Corpus found(variable("KIP_CORPUS").empty() ? KIP_SOURCE_ROOT "/../shared/corpus"
                                                           : variable("KIP_CORPUS"));
  return found;
}

bool under_ci() {
  return !variable("CI").empty() && variable("CI") != "false";
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace kip::support
