// One structured entry for systemd's journal, by its native protocol: a datagram to /run/systemd/journal/socket.
//
//   const Status sent = send_to_journal({{"MESSAGE", "…"}, {"MESSAGE_ID", kId}, {"PRIORITY", "6"}});
//
// A field is "NAME=value\n"; where the value has a line feed, "NAME\n", its length in 8 bytes (little-endian), the value, "\n".
// A name may occur several times. Source: systemd.io, "Native Journal Protocol". That page also has larger entries travel as a sealed file;
// ours are a few hundred bytes, and one of more than kJournalLimit is refused.
#pragma once

#include <string>
#include <vector>

#include "src/base/result.h"

namespace kip::cli {

struct JournalField {
  std::string name;  // capital letters, digits and underscores, no underscore in front
  std::string value;

  bool operator==(const JournalField&) const = default;
};

/// Largest entry, in bytes: Linux's default for what a socket sends is 208 KiB, with room for its own.
inline constexpr std::size_t kJournalLimit = 64 << 10;

/// The datagram.
std::string journal_entry(const std::vector<JournalField>& fields);

/// Waits five seconds at most. kLimit: too large. kSystem: nobody listens, or it could not be sent.
Status send_to_journal(const std::vector<JournalField>& fields);
inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

}  // namespace kip::cli
