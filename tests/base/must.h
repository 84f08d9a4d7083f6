// The value of a Result, for tests that go on from it: an error ends the test with its text.
#pragma once

#include <stdexcept>
#include <utility>

#include "src/base/result.h"

namespace kip {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error("unexpected error: " + result.error().what);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// The error's text, or "" where there is none.
template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().what;
}

/// The error's kind; nullopt where there is none.
template <class T>
std::optional<Errc> code_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

}  // namespace kip
