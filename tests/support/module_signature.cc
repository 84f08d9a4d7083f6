#include "tests/support/elf_module.h"

namespace kip::support {
namespace {

Blob der(std::uint8_t tag, View content) {
  Blob out = {tag};
  if (content.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(content.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(content.size()));
  }
  append(out, content);
  return out;
}

Blob object(View identifier) {
  return der(0x06, identifier);
}

Blob sequence(std::initializer_list<View> parts) {
  return der(0x30, join(parts));
}

Blob set(std::initializer_list<View> parts) {
  return der(0x31, join(parts));
}

// 1.2.840.113549.1.7.n
Blob pkcs7(std::uint8_t n) {
  return object(Blob{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, n});
}

Blob message(const SignerFields& fields) {
  const Blob null = {0x05, 0x00};
  const Blob algorithm = sequence({object(fields.digest), null});
  const Blob rsa =
      sequence({object(Blob{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01}), null});
  const Blob organisation =
      set({sequence({object(Blob{0x55, 0x04, 0x0a}), der(0x0c, text("Example"))})});
  const Blob common =
      set({sequence({object(Blob{0x55, 0x04, 0x03}), der(0x0c, text(fields.name))})});
  const Blob who = fields.by_key
                       ? der(0x80, fields.serial)
                       : sequence({sequence({organisation, common}), der(0x02, fields.serial)});
  const Blob version = {0x02, 0x01, 0x01};
  const Blob signer = sequence({version, who, algorithm, rsa, der(0x04, noise(256, 7))});
  const Blob data = sequence({version, set({algorithm}), sequence({pkcs7(1)}), set({signer})});
  return sequence({pkcs7(2), der(0xa0, data)});
}

}  // namespace

Blob module_signature(const SignerFields& fields) {
  Blob out = message(fields);
  const std::size_t size = out.size();
  append(out, Blob{0, 0, 2, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(size >> 8),
                   static_cast<std::uint8_t>(size)});
  append(out, text("~Module signature appended~\n"));
  return out;
}

}  // namespace kip::support
