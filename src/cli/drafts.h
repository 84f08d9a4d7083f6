// Drafts of a manifest in the staging area: plugin 45 leaves what it chose, 58 all that the image was made of, 95 publishes it.
#pragma once

#include "src/state/manifest.h"

namespace kip::cli {

/// `name`: kMicrocodeDraft or kDraft (staging.h). nullopt: it is not there. An error for what is none of ours to read: a
/// link, what is no regular file, and no manifest.
Result<std::optional<state::Manifest>> read_draft(const std::string& staging, const char* name);

/// Makes kip's directory if it is missing.
Status write_draft(const std::string& staging, const char* name, const state::Manifest& draft);

/// An earlier one goes; nothing there is no error.
void remove_draft(const std::string& staging, const char* name);

}  // namespace kip::cli
