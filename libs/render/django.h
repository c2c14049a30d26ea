#pragma once

#include <string>
#include <string_view>

// Templates that come from Django's language, with what to write instead. Mustache would send some
// of it as text.
namespace lmsmail::render {

// For the content of a tag that is no name: "user.first_name|default:user.username". Empty if it is
// no filter of Django.
std::string MustacheForFilter(std::string_view tag);

// For the text that begins with "{%".
std::string MustacheForBlock(std::string_view text);

}  // namespace lmsmail::render
