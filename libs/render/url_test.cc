#include "libs/render/url.h"

#include <gtest/gtest.h>

#include <string>

namespace lmsmail::render {
namespace {

TEST(MailUrlTest, AcceptsWhatMailLinksTo) {
  for (const char* good :
       {"https://school.example", "http://127.0.0.1:8080/a?b=c#d", "HTTPS://School.Example/",
        "https://[2001:db8::1]/x", "https://school.example/kurse/über?f[]=1&g={x}|y",
        "https://schüler.example/", "https://school.example/a%20b", "mailto:help@school.example",
        "mailto:help@school.example?subject=Hello%20there"}) {
    EXPECT_TRUE(IsMailUrl(good)) << good;
  }
}

TEST(MailUrlTest, RefusesTheRest) {
  for (const char* bad : {"",
                          "school.example",
                          "/courses",
                          "//school.example",
                          "https://",
                          "https:///a",
                          "https:a",
                          "https://a b",
                          "https://school.example/a b",
                          "https://school.example/\"x",
                          "https://[::1",
                          "https://school.example/<x>",
                          "https://school.example:port/",
                          "https://school.example:1x/",
                          "https://school.example:99999/",
                          "https://a\\b",
                          "mailto:",
                          "mailto:@",
                          "mailto:nobody",
                          "mailto://help@school.example",
                          "javascript:alert(1)",
                          "JavaScript://school.example/%0aalert(1)",
                          "data:text/html,x",
                          "ftp://school.example",
                          " https://school.example",
                          "https://school.example\n",
                          "https://school.example/%zz"}) {
    EXPECT_FALSE(IsMailUrl(bad)) << bad;
  }
  EXPECT_FALSE(IsMailUrl(std::string_view("https://a\0b", 11)));
  EXPECT_FALSE(IsMailUrl("https://" + std::string(1, '[')));
}

}  // namespace
}  // namespace lmsmail::render
