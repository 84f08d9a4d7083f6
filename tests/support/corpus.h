// The corpus: real vendor microcode with expected answers, which lies outside the tree because its
// licences ask for that. Found through KIP_CORPUS, or beside the source tree.
//
// Where it is missing, a test that needs it says so by name; under CI it fails.
//
//   TEST(Corpus, EveryRow) {
//     KIP_NEEDS_CORPUS();
//     for (const Row& row : corpus().table("select-intel.tsv")) ... row["sig"] ...
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kip::support {

// One line of a table, by the names of the header line.
class Row {
 public:
  Row(std::vector<std::string> names, const std::vector<std::string>& fields);

  // Throws std::out_of_range for a name that the table has not.
  [[nodiscard]] const std::string& operator[](const std::string& name) const;
  [[nodiscard]] std::uint32_t number(const std::string& name) const;  // decimal, or 0x and hex
  [[nodiscard]] std::vector<std::string> list(const std::string& name) const;  // "-": empty

 private:
  std::map<std::string, std::string> fields_;
};

class Corpus {
 public:
  explicit Corpus(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] bool present() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const;
  // expected/NAME. Throws std::runtime_error if it is not there or a line has too few fields.
  [[nodiscard]] std::vector<Row> table(const std::string& name) const;

 private:
  std::string path_;
};

const Corpus& corpus();

// Continuous integration: what is missing there is a failure.
bool under_ci();

std::vector<std::string> split(std::string_view text, char separator);

}  // namespace kip::support

// Inside a TEST. GoogleTest has to be included before.
#define KIP_NEEDS_CORPUS()                                                         \
  do {                                                                             \
    if (kip::support::corpus().present()) break;                                   \
    if (kip::support::under_ci()) {                                                \
      FAIL() << "the corpus is missing, and CI is set: KIP_CORPUS has to name it"; \
    }                                                                              \
    GTEST_SKIP() << "NOT RUN: no corpus at " << kip::support::corpus().path()      \
                 << "; KIP_CORPUS names it";                                       \
  } while (false)
