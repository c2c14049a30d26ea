#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The ids, given by a service, that end resource names such as "messages/0a1b2c3d4e5f6".
namespace lmsmail::resource_name {

// 13 lower-case characters of Crockford's base32. Sorts in the order of the ids.
std::string EncodeId(std::int64_t id);
// Returns nullopt for any text that EncodeId does not return, and for ids that are not positive.
std::optional<std::int64_t> DecodeId(std::string_view text);

}  // namespace lmsmail::resource_name
