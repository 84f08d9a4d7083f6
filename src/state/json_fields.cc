#include <charconv>

#include "src/state/json_fields.h"

namespace kip::state::detail {
namespace {

const Json kNothing;  // what a fault reads as

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

}  // namespace

std::optional<digest::Sha256> digest_of(std::string_view hex) {
  digest::Sha256 digest;
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return digest;
}

const Json& Fields::member(const char* key) const {
  if (!fault_.empty()) return kNothing;
  if (const auto found = json_.find(key); found != json_.end()) return *found;
  refuse(key, "is missing");
  return kNothing;
}

const Json& Fields::array(const char* key) const {
  const Json& value = member(key);
  if (value.is_array()) return value;
  refuse(key, "is no list");
  return kNothing;
}

std::string Fields::text(const char* key) const {
  const Json& value = member(key);
  if (!value.is_string()) return refuse(key, "is no string"), "";
  const auto decoded = percent_decode(value.get_ref<const std::string&>());
  if (!decoded) return refuse(key, "has a '%' without two hexadecimal digits"), "";
  return *decoded;
}

std::int64_t Fields::number(const char* key) const {
  const Json& value = member(key);
  if (!value.is_number_integer()) return refuse(key, "is no whole number"), 0;
  return value.get<std::int64_t>();
}

std::uint64_t Fields::size(const char* key) const {
  const Json& value = member(key);
  if (!value.is_number_unsigned()) return refuse(key, "is no number of bytes"), 0;
  return value.get<std::uint64_t>();
}

bool Fields::flag(const char* key) const {
  const Json& value = member(key);
  if (!value.is_boolean()) return refuse(key, "is neither true nor false"), false;
  return value.get<bool>();
}

std::uint32_t Fields::hex(const char* key) const {
  const std::string digits = text(key);
  std::uint32_t value = 0;
  const char* const end = digits.data() + digits.size();
  const bool prefixed = digits.starts_with("0x") && digits.size() > 2;
  const auto parsed = prefixed ? std::from_chars(digits.data() + 2, end, value, 16)
                               : std::from_chars_result{nullptr, std::errc::invalid_argument};
  if (parsed.ec != std::errc() || parsed.ptr != end) refuse(key, "is no hexadecimal number");
  return value;
}

digest::Sha256 Fields::digest(const char* key) const {
  const auto value = digest_of(text(key));
  if (!value) refuse(key, "is no SHA-256 sum");
  return value.value_or(digest::Sha256());
}

Fields Fields::object(const char* key) const {
  const Json& value = member(key);
  if (!value.is_object()) refuse(key, "is no object");
  return {value, way_to(key) + ".", fault_};
}

std::vector<std::string> Fields::texts(const char* key) const {
  std::vector<std::string> all;
  for (const Json& value : array(key)) {
    const auto decoded =
        value.is_string() ? percent_decode(value.get_ref<const std::string&>()) : std::nullopt;
    if (!decoded) return refuse(key, "has something else than strings in it"), all;
    all.push_back(*decoded);
  }
  return all;
}

}  // namespace kip::state::detail
