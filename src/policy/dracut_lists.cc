#include <algorithm>
#include <map>

#include "src/policy/dracut.h"

namespace kip::policy {
namespace {

constexpr std::string_view kBlanks = " \t\n";

// One variable as bash would hold it, and which statement each piece of it comes from.
class Variable {
 public:
  void take(const DracutStatement& statement) {
    using Kind = DracutStatement::Kind;
    if (statement.kind == Kind::kSet || statement.kind == Kind::kUnknown) {
      value_.clear();
      pieces_.clear();
      list_ = {};
    }
    if (statement.kind == Kind::kSet || statement.kind == Kind::kAppend) {
      pieces_.push_back({value_.size(), &statement.origin});
      value_ += statement.value;
      return;
    }
    if (!list_.unknown) list_.unknown = statement.origin;
    if (statement.kind == Kind::kUnknown) list_.words_count = false;
    value_ += ' ';  // no word goes on behind what is not known
  }

  DracutList words() const {
    DracutList list = list_;
    std::size_t piece = 0;
    for (std::size_t at = value_.find_first_not_of(kBlanks); at != value_.npos;
         at = value_.find_first_not_of(kBlanks, at)) {
      const std::size_t end = std::min(value_.find_first_of(kBlanks, at), value_.size());
      while (piece + 1 < pieces_.size() && pieces_[piece + 1].start <= at) ++piece;
      list.words.push_back({value_.substr(at, end - at), *pieces_[piece].origin});
      at = end;
    }
    return list;
  }

 private:
  struct Piece {
    std::size_t start;
    const Origin* origin;
  };

  std::string value_;
  std::vector<Piece> pieces_;
  DracutList list_;
};

}  // namespace

DracutLists lists_of(const std::vector<DracutFile>& files) {
  Variable add, force, drivers, omit;
  const std::map<std::string_view, Variable*> variables = {{"add_drivers", &add},
                                                           {"force_drivers", &force},
                                                           {"drivers", &drivers},
                                                           {"omit_drivers", &omit}};
  for (const DracutFile& file : files) {
    for (const DracutStatement& statement : file.statements) {
      const auto variable = variables.find(statement.name);
      if (variable != variables.end()) variable->second->take(statement);
    }
  }
  return {add.words(), force.words(), drivers.words(), omit.words()};
}

}  // namespace kip::policy
