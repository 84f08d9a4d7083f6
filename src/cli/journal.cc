#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "src/base/file.h"
#include "src/cli/journal.h"

namespace kip::cli {
namespace {

std::string le64_bytes(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

std::string journal_entry(const std::vector<JournalField>& fields) {
  std::string entry;
  for (const JournalField& field : fields) {
    entry += field.name;
    entry +=
        field.value.find('\n') == std::string::npos ? "=" : "\n" + le64_bytes(field.value.size());
    entry += field.value + "\n";
  }
  return entry;
}

Status send_to_journal(const std::vector<JournalField>& fields) {
  const std::string entry = journal_entry(fields);
  if (entry.size() > kJournalLimit) return fail(Errc::kLimit, "the entry is too large");
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("socket");
  constexpr timeval kPatience = {.tv_sec = 5, .tv_usec = 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0)
    return fail_errno("setsockopt");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, kJournalSocket, sizeof address.sun_path - 1);
  // sendto() wants a pointer to the type that all addresses share.
  const void* const where = &address;
  if (::sendto(socket.get(), entry.data(), entry.size(), MSG_NOSIGNAL,
               static_cast<const sockaddr*>(where), sizeof address) < 0)
    return fail_errno("sendto");
  return {};
}

}  // namespace kip::cli
