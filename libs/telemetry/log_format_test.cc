#include "libs/telemetry/log_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace lmsmail::telemetry {
namespace {

const absl::Time kTime = absl::FromUnixMillis(1769850000123);  // 2026-01-31T09:00:00.123Z

std::string Json(const std::vector<Field>& fields, std::string_view message = "m") {
  const std::string line = FormatJson(kTime, Level::kWarning, "dispatch", message, fields);
  const std::string head =
      R"({"time":"2026-01-31T09:00:00.123Z","level":"warning","service":"dispatch","message":)";
  EXPECT_EQ(line.substr(0, head.size()), head);
  return line.substr(head.size());
}

std::string Text(const std::vector<Field>& fields, std::string_view message = "m") {
  const std::string line = FormatText(kTime, Level::kInfo, message, fields);
  const std::string head = "2026-01-31T09:00:00.123Z INFO ";
  EXPECT_EQ(line.substr(0, head.size()), head);
  return line.substr(head.size());
}

TEST(FormatJsonTest, WritesEachTypeAsJson) {
  EXPECT_EQ(Json({{"lane", "bulk"}, {"count", 3}, {"big", uint64_t{18446744073709551615u}}}),
            R"("m","lane":"bulk","count":3,"big":18446744073709551615})");
  EXPECT_EQ(Json({{"on", true}, {"share", 0.5}, {"nan", std::nan("")}}),
            R"("m","on":true,"share":0.5,"nan":"nan"})");
  EXPECT_EQ(Json({{"took", absl::Milliseconds(250)},
                  {"at", absl::UnixEpoch()},
                  {"error", absl::NotFoundError("x")}}),
            R"("m","took":"250ms","at":"1970-01-01T00:00:00.000Z","error":"NOT_FOUND: x"})");
}

TEST(FormatJsonTest, EscapesWhatJsonForbids) {
  EXPECT_EQ(Json({{"q", "a\"b\\c\nd\te\rf\x01g\x7f"}}),
            R"("m","q":"a\"b\\c\nd\te\rf\u0001g\u007f"})");
  EXPECT_EQ(Json({}, "line\nbreak"), R"("line\nbreak"})");
}

TEST(FormatJsonTest, KeepsUtf8AndReplacesInvalidBytes) {
  EXPECT_EQ(Json({{"name", "Zoë 日本 😀"}}), R"("m","name":"Zoë 日本 😀"})");
  // A stray continuation, a truncated sequence, an overlong slash, a surrogate, beyond U+10FFFF.
  EXPECT_EQ(Json({{"b", "a\x80z"}}), "\"m\",\"b\":\"a\uFFFDz\"}");
  EXPECT_EQ(Json({{"b", "\xE6\x97"}}), "\"m\",\"b\":\"\uFFFD\uFFFD\"}");
  EXPECT_EQ(Json({{"b", "\xC0\xAF"}}), "\"m\",\"b\":\"\uFFFD\uFFFD\"}");
  EXPECT_EQ(Json({{"b", "\xED\xA0\x80"}}), "\"m\",\"b\":\"\uFFFD\uFFFD\uFFFD\"}");
  EXPECT_EQ(Json({{"b", "\xF4\x90\x80\x80"}}), "\"m\",\"b\":\"\uFFFD\uFFFD\uFFFD\uFFFD\"}");
}

TEST(FormatTextTest, QuotesValuesThatAreNotPlainWords) {
  EXPECT_EQ(Text({{"lane", "bulk"}, {"count", 3}, {"why", "two words"}, {"none", ""}}),
            R"(m lane=bulk count=3 why="two words" none="")");
}

TEST(FormatTextTest, EscapesLineEndsAndTerminalControls) {
  EXPECT_EQ(Text({{"evil", "a\nb\x1b[31m"}}), R"(m evil="a\nb\u001b[31m")");
  EXPECT_EQ(Text({}, "two\nlines"), R"("two\nlines")");
  EXPECT_EQ(Text({}, "says = or Zoë"), "says = or Zoë");
}

TEST(FormatTest, EscapesWhatControlsATerminalOrDeceivesAReader) {
  for (const auto& [text, escaped] : std::vector<std::pair<std::string, std::string>>{
           {"\u0080", "u0080"},           {"\u009B", "u009b"}, {"\u0085", "u0085"},
           {"\u009F", "u009f"},           {"\u061C", "u061c"}, {"\u200B", "u200b"},
           {"\u200D", "u200d"},           {"\u200E", "u200e"}, {"\u200F", "u200f"},
           {"\u2028", "u2028"},           {"\u2029", "u2029"}, {"\u202A", "u202a"},
           {"\u202E", "u202e"},           {"\u2060", "u2060"}, {"\u2066", "u2066"},
           {"\u2069", "u2069"},           {"\uFEFF", "ufeff"}, {"\u00AD", "u00ad"},
           {"\uFE0F", "ufe0f"},           {"\u180E", "u180e"}, {"\uFFF9", "ufff9"},
           {"\U000E0041", "udb40\\udc41"}}) {
    const std::string quoted = "\"a\\" + escaped + "z\"";
    EXPECT_EQ(Json({{"b", "a" + text + "z"}}), "\"m\",\"b\":" + quoted + "}");
    EXPECT_EQ(Json({}, "a" + text + "z"), quoted + "}");
    EXPECT_EQ(Text({{"b", "a" + text + "z"}}), "m b=" + quoted);
    EXPECT_EQ(Text({}, "a" + text + "z"), quoted);
  }
}

TEST(FormatTest, CutsLongTextsBetweenCharacters) {
  const std::string plain(5000, 'x');
  const std::string cut = "\"" + plain.substr(0, 2048) + "... (2952 bytes more)\"";
  EXPECT_EQ(Json({{"b", plain}}), "\"m\",\"b\":" + cut + "}");
  EXPECT_EQ(Text({{"b", plain}}), "m b=" + cut);
  std::string cyrillic = "x";
  for (int i = 0; i < 2000; ++i) cyrillic += "\u0416";
  EXPECT_EQ(Json({}, cyrillic), "\"" + cyrillic.substr(0, 2047) + "... (1954 bytes more)\"}");
}

}  // namespace
}  // namespace lmsmail::telemetry
