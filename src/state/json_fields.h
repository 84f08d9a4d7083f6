// Fields of a JSON record, written and read: every string percent-encoded, so that any bytes survive, and a fault named by the
// way that leads to it ("inputs.microcode.updates[3].revision"). Behind manifest.h; the one file of this room that
// includes the library for JSON.
#pragma once

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/record.h"
#include "src/digest/sha256.h"

namespace kip::state::detail {

using Json = nlohmann::ordered_json;

inline std::string encoded(const std::string& text) {
  return percent_encode(text, Blanks::kKeep);
}

inline std::string hex32(std::uint32_t value) {
  return fmt::format("{:#010x}", value);
}

/// nullopt unless it is 64 lower-case hexadecimal digits.
std::optional<digest::Sha256> digest_of(std::string_view hex);

/// Deeper than any record of ours. What is nested deeper is dropped while it is read, and costs no memory.
inline constexpr int kMostLevels = 16;

/// An object that is being read. After a fault everything reads as empty, and only the first one is kept.
class Fields {
 public:
  Fields(const Json& json, std::string place, std::string& fault)
      : json_(json), place_(std::move(place)), fault_(fault) {
    if (!json.is_object()) refuse("", "is no object");
  }

  bool has(const char* key) const { return json_.is_object() && json_.contains(key); }

  std::string text(const char* key) const;
  std::int64_t number(const char* key) const;
  std::uint64_t size(const char* key) const;  // a number that is not negative
  bool flag(const char* key) const;
  std::uint32_t hex(const char* key) const;
  digest::Sha256 digest(const char* key) const;

  /// One of `words`; the index of it.
  template <std::size_t count>
  std::size_t word(const char* key, const char* const (&words)[count]) const {
    const std::string found = text(key);
    for (std::size_t i = 0; i < count; ++i) {
      if (found == words[i]) return i;
    }
    refuse(key, "is no word that is known here");
    return 0;
  }

  Fields object(const char* key) const;

  /// Calls `take` with the Fields of each object in a list.
  template <class Take>
  void each(const char* key, Take take) const {
    const Json& list = array(key);
    for (std::size_t i = 0; i < list.size() && fault_.empty(); ++i)
      take(Fields(list[i], fmt::format("{}[{}].", way_to(key), i), fault_));
  }

  std::vector<std::string> texts(const char* key) const;

  void refuse(const char* key, const char* why) const {
    if (fault_.empty()) fault_ = way_to(key) + (way_to(key).empty() ? "" : " ") + why;
  }

 private:
  std::string way_to(const char* key) const { return place_ + key; }
  const Json& member(const char* key) const;
  const Json& array(const char* key) const;

  const Json& json_;
  std::string place_;
  std::string& fault_;
};

template <class List, class Make>
Json list_json(const List& list, Make make) {
  Json json = Json::array();
  for (const auto& item : list) json.push_back(make(item));
  return json;
}

template <class List, class Read>
void read_list(const Fields& in, const char* key, List& list, Read read) {
  in.each(key, [&](const Fields& item) { list.push_back(read(item)); });
}

inline Json texts_json(const std::vector<std::string>& texts) {
  return list_json(texts, encoded);
}

inline std::string digest_json(const digest::Sha256& digest) {
  return digest::to_hex(digest);
}

}  // namespace kip::state::detail
