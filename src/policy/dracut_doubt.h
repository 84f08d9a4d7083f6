// Which variables a piece of unread shell text may change. Internal to the dracut reader.
#pragma once

#include <set>

#include "src/policy/dracut.h"

namespace kip::policy {

/// The variables that decide about modules.
inline constexpr std::string_view kDracutVariables[] = {"add_drivers", "drivers", "force_drivers",
                                                        "omit_drivers"};

using NameSet = std::set<std::string, std::less<>>;

struct Doubt {
  NameSet appended;  // something is added at most
  NameSet unknown;   // anything may have happened
};

/// `names` are looked for beside kDracutVariables. `$name` and `${name…}` only read a variable; `name+=` appends; all
/// else (an assignment, `unset name`, `read name`) makes it unknown. Comments count, too: too much doubt leaves a module
/// out, loudly; too little would take one in.
Doubt doubt_about(std::string_view text, const NameSet& names);

}  // namespace kip::policy
