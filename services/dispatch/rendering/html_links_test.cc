#include "services/dispatch/rendering/html_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Targets(std::string_view html) {
  std::vector<std::string> targets;
  for (const HtmlLink& link : ScanHtml(html).links) targets.push_back(link.target);
  return targets;
}

// As an author may write it, with `value` in the text of the page.
std::string Anchor(std::string_view value) {
  return "<a href=\"" + std::string(value) + "\">x</a>";
}

std::string ValueOf(const std::string& html) {
  const HtmlScan scan = ScanHtml(html);
  if (scan.links.size() != 1) return "";
  return html.substr(scan.links[0].begin, scan.links[0].end - scan.links[0].begin);
}

TEST(HtmlLinksTest, FindsTheValueInAnySpelling) {
  for (const std::string html : {
           R"(<a href="https://a.example/">x</a>)",
           R"(<a href='https://a.example/'>x</a>)",
           R"(<a href=https://a.example/>x</a>)",
           R"(<A HREF="https://a.example/">x</A>)",
           R"(<a class="b" href="https://a.example/" title='>'>x</a>)",
           "<a\n\thref\n=\n 'https://a.example/'\n>",
           R"(<a/href="https://a.example/"/>)",
           R"(<a title="<a href='https://b.example'>" href="https://a.example/">)",
           R"(<a hidden href="https://a.example/" href="https://b.example/">)",
           R"(<a data-href="https://b.example" href="https://a.example/">)",
           R"(<a =x href="https://a.example/">)",
           R"(<p<a href="x"><a href="https://a.example/">)",
           R"(1 < 2 <a href="https://a.example/">)",
           R"(<svg><a href="https://a.example/"></svg>)",
       }) {
    EXPECT_EQ(ValueOf(html), "https://a.example/") << html;
  }
}

TEST(HtmlLinksTest, SkipsWhatIsNoTag) {
  for (const std::string html : {
           R"(<!-- <a href="https://a.example"> -->)",
           R"(<!--[if mso]><a href="https://a.example"><![endif]-->)",
           R"(<style>a::after{content:'<a href="https://a.example">'}</style>)",
           R"(<script>"</scriptx><a href='https://a.example'>"</script>)",
           R"(<title><a href="https://a.example"></TITLE >)",
           R"(<textarea><a href="https://a.example">)",
           R"(<!doctype html <a href="https://a.example">)",
           R"(<? <a href="https://a.example">)",
           R"(</a href="https://a.example">)",
           R"(<a href="https://a.example)",
           R"(<a href="https://a.example")",
           R"(<plaintext><a href="https://a.example">)",
           R"(<area href="https://a.example">)",
           R"(<abbr href="https://a.example">)",
           R"(<link href="https://a.example">)",
           R"(<a name="href" x="https://a.example">)",
           R"(<a href href="https://a.example">)",
           R"(<!--><!-- <a href="https://a.example">)",
       }) {
    EXPECT_THAT(Targets(html), IsEmpty()) << html;
  }
  EXPECT_THAT(Targets(R"(<!--> <a href="https://a.example">)"), ElementsAre("https://a.example"));
  EXPECT_THAT(Targets(R"(<!--a--!><a href="https://a.example">)"),
              ElementsAre("https://a.example"));
  EXPECT_THAT(Targets(R"(<!--[if !mso]><!--><a href="https://a.example"><!--<![endif]-->)"),
              ElementsAre("https://a.example"));
  EXPECT_THAT(Targets(R"(<style></style><a href="https://a.example">)"),
              ElementsAre("https://a.example"));
}

TEST(HtmlLinksTest, DecodesTheUrl) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"https://a.example/?a=1&amp;b=2#c", "https://a.example/?a=1&b=2#c"},
      {"https://a.example/?a=1&b=2", "https://a.example/?a=1&b=2"},
      {"https://a.example/?a=1&copy=2", "https://a.example/?a=1&copy=2"},
      {"https://a.example/?a&#38;b&#x26;c", "https://a.example/?a&b&c"},
      {"https://a.example/&lt;&gt;&quot;&apos;", "https://a.example/%3C%3E%22'"},
      {"  HTTP://A.example/x y\n", "HTTP://A.example/x%20y"},
      {"https://a.example/\xc3\xa4&#228;&#x20ac;&#128512;",
       "https://a.example/%C3%A4%C3%A4%E2%82%AC%F0%9F%98%80"},
      {"https://a.example/%C3%A4?x=%2F", "https://a.example/%C3%A4?x=%2F"},
      {"https://a.example/& b", "https://a.example/&%20b"},
  };
  for (const auto& [value, target] : cases) {
    EXPECT_THAT(Targets(Anchor(value)), ElementsAre(target)) << value;
  }
}

TEST(HtmlLinksTest, LeavesOtherUrlsAlone) {
  for (const std::string value : {"",
                                  "#top",
                                  "/path",
                                  "page.html",
                                  "//a.example",
                                  "mailto:a@b.example",
                                  "tel:+49301234",
                                  "javascript:alert(1)",
                                  "ftp://a.example",
                                  "https:",
                                  "https://",
                                  "https:///a",
                                  "https://a.example/&copy;",
                                  "https://a.example/?a=1&lang",
                                  "https://a.example/&#0;",
                                  "https://a.example/&#xd800;",
                                  "https://a.example/&#150;",
                                  "https://a.example/&#38",
                                  "https://a.example/&#99999999999;",
                                  "https://a.example/a\nb",
                                  "https://a.example/&#10;b",
                                  "https://a.example/\xff",
                                  "https://a.example/&#x;"}) {
    EXPECT_THAT(Targets(Anchor(value)), IsEmpty()) << value;
  }
  EXPECT_THAT(Targets(Anchor("https://a.example/" + std::string(2000, 'x'))), IsEmpty());
}

TEST(HtmlLinksTest, FindsTheBody) {
  const auto rest = [](std::string_view html) {
    const auto body = ScanHtml(html).body;
    return body ? std::string(html.substr(*body)) : "none";
  };
  EXPECT_EQ(rest("<html><head></head><BODY class='>' >x<body>y"), "x<body>y");
  EXPECT_EQ(rest("<head><title><body></title></head>x"), "x");
  EXPECT_EQ(rest("<!-- <body> --><p>x"), "none");
  EXPECT_EQ(rest(""), "none");
}

}  // namespace
}  // namespace lmsmail::dispatch
