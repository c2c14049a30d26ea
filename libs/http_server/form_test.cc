#include "libs/http_server/form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/http_server/media_type.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::http_server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

FormField Field(std::string name, std::string value) {
  return {.name = std::move(name), .value = std::move(value)};
}

TEST(UrlEncodedTest, DecodesPairs) {
  EXPECT_THAT(ParseUrlEncoded("a=b&c+d=e%2Bf%26&g&=h&a="),
              IsOkAndHolds(ElementsAre(Field("a", "b"), Field("c d", "e+f&"), Field("g", ""),
                                       Field("", "h"), Field("a", ""))));
  EXPECT_THAT(ParseUrlEncoded(""), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(ParseUrlEncoded("&&a=b=c&"), IsOkAndHolds(ElementsAre(Field("a", "b=c"))));
}

TEST(UrlEncodedTest, RefusesBadEncodingAndTooManyFields) {
  for (const std::string_view text : {"a=%", "a=%4", "%zz=b", "a=%0"}) {
    EXPECT_THAT(ParseUrlEncoded(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_OK(ParseUrlEncoded("a&b", 2));
  EXPECT_THAT(ParseUrlEncoded("a&b&c", 2), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(MultipartTest, ReadsParts) {
  const auto form = ParseMultipart(
      "--B\r\n"
      "Content-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n"
      "--B\r\n"
      "content-type: message/rfc822\r\n"
      "content-disposition: form-data; filename=\"m \\\"1\\\".eml\"; name=message\r\n\r\n"
      "A: b\r\n\r\n --B--\n--B\r\n-B\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n"
      "--B--\r\n",
      "B");
  ASSERT_OK(form);
  EXPECT_THAT(*form, ElementsAre(Field("List-Unsubscribe", "One-Click"),
                                 FormField{.name = "message",
                                           .value = "A: b\r\n\r\n --B--\n--B\r\n-B",
                                           .filename = "m \"1\".eml",
                                           .content_type = "message/rfc822",
                                           .has_filename = true},
                                 Field("", "")));
  EXPECT_EQ(*FindField(*form, "List-Unsubscribe"), "One-Click");
  EXPECT_EQ(FindField(*form, "x"), nullptr);
  EXPECT_THAT(ParseMultipart("--B--", "B"), IsOkAndHolds(IsEmpty()));
}

TEST(MultipartTest, RefusesEverythingElse) {
  const std::string part = "Content-Disposition: form-data; name=\"a\"\r\n\r\nb";
  for (const std::string& body : std::vector<std::string>{
           "",
           "--B",
           "--B\r\n",
           "--C\r\n" + part + "\r\n--C--\r\n",
           "preamble\r\n--B\r\n" + part + "\r\n--B--\r\n",
           "--B\r\n" + part,
           "--B\r\n" + part + "\r\n--B",
           "--B\r\n" + part + "\r\n--B-",
           "--B\r\n" + part + "\n--B--",
           "--B\n" + part + "\r\n--B--",
           "--B\r\n" + part + "\r\n--B--epilogue",
           "--B\r\n\r\nb\r\n--B--",
           "--B\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nb\r\n--B--",
           "--B\r\nContent-Disposition: form-data\r\n\r\nb\r\n--B--",
           "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nb\r\n--B--",
           "--B\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nb\r\n--B--",
           "--B\r\nno colon\r\n" + part + "\r\n--B--",
           "--B\r\nContent-Disposition: form-data; name=\"z\"\r\n" + part + "\r\n--B--",
       }) {
    EXPECT_THAT(ParseMultipart(body, "B"), StatusIs(absl::StatusCode::kInvalidArgument)) << body;
  }
  const std::string good = "--B\r\n" + part + "\r\n--B--";
  EXPECT_OK(ParseMultipart(good, "B", 1));
  EXPECT_THAT(ParseMultipart(good, "B", 0), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseMultipart(good, ""), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(FormTest, ChoosesByContentType) {
  Request request;
  request.body = "a=b";
  EXPECT_THAT(ParseForm(request), StatusIs(absl::StatusCode::kUnimplemented));
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_THAT(ParseForm(request), IsOkAndHolds(ElementsAre(Field("a", "b"))));
  request.headers.Set("Content-Type", "multipart/form-data");
  EXPECT_THAT(ParseForm(request), StatusIs(absl::StatusCode::kUnimplemented));
  request.headers.Set("Content-Type", "multipart/form-data; boundary=\"B\"");
  request.body = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--B--\r\n";
  EXPECT_THAT(ParseForm(request), IsOkAndHolds(ElementsAre(Field("a", "b"))));
  request.headers.Set("Content-Type", "multipart/form-data; boundary=");
  EXPECT_THAT(ParseForm(request), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(MediaTypeTest, ReadsParameters) {
  const auto type = ParseMediaType(" Text/HTML ; Charset=utf-8;x=\"a;\\\"b\" ;");
  ASSERT_TRUE(type.has_value());
  EXPECT_EQ(type->type, "text/html");
  EXPECT_EQ(*type->Parameter("charset"), "utf-8");
  EXPECT_EQ(*type->Parameter("x"), "a;\"b");
  EXPECT_EQ(type->Parameter("y"), nullptr);
  for (const std::string_view value : {"", "/", "text/", "/html", "a;b", "a;b=", "a;=b", "a b",
                                       "a;b=\"c", "a;b=\"c\\", "a;b=c;B=d", "a;b=c d", "a,b"}) {
    EXPECT_FALSE(ParseMediaType(value).has_value()) << value;
  }
}

}  // namespace
}  // namespace lmsmail::http_server
