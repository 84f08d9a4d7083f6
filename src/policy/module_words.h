// Words that name modules, as administrators write them: in kip.conf.d and in dracut's lists.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/base/result.h"

namespace kip::policy {

/// Whether a word has '*', '?' or '['.
bool is_glob(std::string_view word);

/// What keeps a word from being a module's name, a glob of names or an alias. Strict, since a rule that names nothing leaves
/// a module where it should not be: a path, a file's name, quotes and commas between names are errors.
Status check_module_word(std::string_view word);

/// A word of one of dracut's lists, without ".ko" and what compresses it; nullopt for what dracut takes for a directory
/// (`=drivers/net`) or a path, and for what could only be a pattern, which dracut has none of.
std::optional<std::string> dracut_module(std::string_view word);

}  // namespace kip::policy
