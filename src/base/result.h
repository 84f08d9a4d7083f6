// Result<T>: a value, or an Error that says what is wrong and where.
//
// Libraries return errors and never print; whoever knows the file's name writes the message.
// Absence is a value (std::optional), never an error. An error kind exists only where some caller
// acts differently on it.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace kip {

enum class Errc : std::uint8_t {
  kSystem,       // a system call failed; `system_errno` says how
  kTruncated,    // the bytes end before the thing they announce
  kCorrupt,      // the bytes contradict themselves (checksum, sizes)
  kUnsupported,  // well formed, but of a kind we do not take
  kLimit,        // larger than a named limit of ours
  kInvalid,      // an argument makes no sense
};

struct Error {
  Errc code = Errc::kInvalid;
  std::string what;                     // lower case, no final stop, no file name
  std::optional<std::uint64_t> offset;  // bytes from the start of the input concerned
  int system_errno = 0;                 // only for kSystem
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

inline tl::unexpected<Error> fail(Errc code, std::string what,
                                  std::optional<std::uint64_t> offset = std::nullopt) {
  return tl::unexpected<Error>(Error{code, std::move(what), offset, 0});
}

/// The error of a system call that just failed: reads errno.
inline tl::unexpected<Error> fail_errno(const std::string& what = "") {
  const int number = errno;
  return tl::unexpected<Error>(Error{Errc::kSystem,
                                     (what.empty() ? "" : what + ": ") + std::strerror(number),
                                     std::nullopt, number});
}

namespace detail {
template <class T>
T unwrap(Result<T>&& result) {
  return *std::move(result);
}
inline void unwrap(Status&&) {}
}  // namespace detail

}  // namespace kip

#define KIP_CONCAT_(a, b) a##b
#define KIP_CONCAT(a, b) KIP_CONCAT_(a, b)
#define KIP_TRY_(name, ...)                                                \
  __extension__({                                                          \
    auto name = (__VA_ARGS__);                                             \
    if (!name) return tl::unexpected<kip::Error>(std::move(name).error()); \
    kip::detail::unwrap(std::move(name));                                  \
  })

/// The value of a Result, or return its error from the enclosing function.
#define TRY(...) KIP_TRY_(KIP_CONCAT(kip_try_, __COUNTER__), __VA_ARGS__)
