#pragma once

#include <optional>
#include <string>
#include <string_view>

// The names of the IANA database on this machine, read when they are first needed.
namespace lmsmail::time_zone {

// The name as the database spells it; nullopt when it has no such name in whatever case.
std::optional<std::string> SpelledAsInDatabase(std::string_view name);

// The IANA name of a zone that Windows, Rails or people call `alias` ("W. Europe Standard Time",
// "Eastern Time (US & Canada)", "Berlin"); nullopt when there is none.
std::optional<std::string> NameOfAlias(std::string_view alias);

}  // namespace lmsmail::time_zone
