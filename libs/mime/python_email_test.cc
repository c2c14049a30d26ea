// Parses many varied messages with Python's `email` package and compares the result with the input.
// An independent parser finds errors that our own writer and tests would share.

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "libs/mime/message.h"
#include "libs/mime/transfer_encoding.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::mime {
namespace {

// Generates random texts, ordinary and malicious ones.
class Writer {
 public:
  explicit Writer(std::uint32_t seed) : random_(seed) {}

  std::size_t Below(std::size_t bound) { return random_() % bound; }

  std::string Text(std::size_t max_pieces, const std::vector<std::string_view>& pieces) {
    std::string text;
    for (std::size_t left = Below(max_pieces) + 1; left > 0; --left) {
      text += pieces[Below(pieces.size())];
    }
    return text;
  }
  std::string Line(std::size_t max_pieces) {
    static const std::vector<std::string_view> kLatin = {
        "week", " ",  "a",   "Algebra", "é",      "ß",
        ", ",   "\"", "\\",  "(x)",     "=?",     "?=",
        "_",    "=",  "😀",  "  ",      "<b>",    "@",
        ":",    ";",  "[1]", ".",       "résumé", "averyveryverylongwordindeedwithoutspaces"};
    static const std::vector<std::string_view> kWorld = {
        "Привет", " ", "мир", "日本語", "العربية", "😀", "é", "ก็", "\xf4\x8f\xbf\xbd"};
    static const std::vector<std::string_view> kAscii = {
        "Your", " ", "week", "-", "48", " ", "in", " ", "review", "!", "'", "&", "#"};
    const std::size_t kind = Below(3);
    return Text(max_pieces, kind == 0 ? kLatin : kind == 1 ? kWorld : kAscii);
  }
  std::string Body() {
    static const std::vector<std::string_view> kPieces = {
        "Hello ",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "=",
        "=3D",
        "é",
        "日本",
        "😀",
        ".",
        "\n.\n",
        "\nFrom x",
        "<p style=\"a:b\">",
        "--",
        "--=_",
        "x",
        "\x01",
        "\x7f",
        "  \n",
        "&amp;",
        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    static const std::vector<std::string_view> kWorld = {"Привет, мир", "\n", " ",
                                                         "日本語",      "=",  "\r\n"};
    return Text(60, Below(3) == 0 ? kWorld : kPieces);
  }

 private:
  std::mt19937 random_;
};

// What the parser must find, one "name value" a line, the value in base64.
class Expectations {
 public:
  void Add(std::string_view name, std::string_view value) {
    std::string encoded;
    AppendBase64Unbroken(value, encoded);
    lines_ += fmt::format("{} {}\n", name, encoded);
  }
  const std::string& lines() const { return lines_; }

 private:
  std::string lines_;
};

void AddMailbox(std::string_view field, const address::Mailbox& mailbox, Expectations& expected) {
  expected.Add(fmt::format("{}.name", field), mailbox.display_name);
  expected.Add(fmt::format("{}.address", field), mailbox.address.ToString());
}

void WriteCase(Writer& writer, int number, const TemporaryFolder& folder) {
  // In a phrase no parser can distinguish spaces at its ends from the surrounding white space.
  const auto name = [&writer] { return writer.Below(5) == 0 ? "" : "x" + writer.Line(12) + "y"; };
  const std::string subject = writer.Line(writer.Below(4) == 0 ? 60 : 10);
  const std::string text = writer.Body();
  const std::string html = writer.Below(5) == 0 ? "" : writer.Body();
  const std::string course = writer.Line(30);
  const std::string message_id = fmt::format("{}.x@school.example", number);
  const Header headers[] = {{"X-Course", course}};

  Message message;
  message.from = {name(), address::ParseEmailAddress("no-reply@school.example").value()};
  message.to = {name(),
                address::ParseEmailAddress(
                    fmt::format("{}@bücher.example", std::string(writer.Below(64) + 1, 'a')))
                    .value()};
  if (writer.Below(2) == 0) {
    message.reply_to = {name(), address::ParseEmailAddress("o'neil+x@school.example").value()};
  }
  message.subject = subject;
  message.date = absl::FromUnixSeconds(1'600'000'000 + 86'399L * number);
  message.message_id = message_id;
  message.boundary_seed = message_id;
  message.text = text;
  message.html = html;
  message.headers = headers;
  message.list_id = "weekly.school.example";
  message.feedback_id = "a:b:c:lmsmail";
  message.unsubscribe_url = "https://u.school.example/u/token";
  message.unsubscribe_mailto = "mailto:u@school.example?subject=token";

  std::string mail;
  ASSERT_OK(Build(message, mail));
  std::string again;
  ASSERT_OK(Build(message, again));
  ASSERT_EQ(mail, again);

  Expectations expected;
  AddMailbox("From", message.from, expected);
  AddMailbox("To", message.to, expected);
  if (message.reply_to) AddMailbox("Reply-To", *message.reply_to, expected);
  expected.Add("Subject", subject);
  expected.Add("X-Course", course);
  expected.Add("Message-ID", fmt::format("<{}>", message_id));
  expected.Add("date", fmt::format("{}", absl::ToUnixSeconds(message.date)));
  expected.Add("text", text);
  if (!html.empty()) expected.Add("html", html);
  folder.Write(fmt::format("{:04}.eml", number), mail);
  folder.Write(fmt::format("{:04}.expected", number), expected.lines());
}

TEST(PythonEmailTest, ParsesToTheOriginalContent) {
  constexpr int kCases = 400;
  const TemporaryFolder folder;
  Writer writer(20240612);
  for (int number = 0; number < kCases; ++number) {
    WriteCase(writer, number, folder);
    if (HasFatalFailure()) return;
  }
  const std::string command = fmt::format("/usr/bin/python3 '{}' '{}' {}", PYTHON_EMAIL_CHECK,
                                          folder.path().string(), kCases);
  EXPECT_EQ(std::system(command.c_str()), 0) << "see the errors above";
}

}  // namespace
}  // namespace lmsmail::mime
