#include "services/gateway/web/connect_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"

namespace lmsmail::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::optional<Codec> CodecNamed(std::string type) {
  return CodecOf({{"Content-Type", std::move(type)}});
}

TEST(ConnectRequestTest, ReadsTheCodec) {
  EXPECT_EQ(CodecNamed("application/json"), Codec::kJson);
  EXPECT_EQ(CodecNamed("Application/JSON; charset=UTF-8"), Codec::kJson);
  EXPECT_EQ(CodecNamed("application/proto"), Codec::kProto);
  EXPECT_EQ(CodecNamed("application/x-ndjson"), Codec::kJsonLines);
  // What a page may send without asking, and other types.
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/grpc", "application/connect+json", "application/json; charset=utf-16",
        "application/json, text/plain", "application/jsonx", "json"}) {
    EXPECT_EQ(CodecNamed(type), std::nullopt) << type;
  }
  EXPECT_EQ(CodecOf({}), std::nullopt);
  EXPECT_EQ(CodecOf({{"Content-Type", "application/json"}, {"Content-Type", "application/json"}}),
            std::nullopt);
}

TEST(ConnectRequestTest, ReadsTheTimeout) {
  ASSERT_OK_AND_ASSIGN(CallFields fields, ReadCallFields({}));
  EXPECT_EQ(fields.timeout, std::nullopt);
  ASSERT_OK_AND_ASSIGN(fields, ReadCallFields({{"connect-timeout-ms", "9999999999"}}));
  EXPECT_EQ(fields.timeout, absl::Milliseconds(9'999'999'999));
  ASSERT_OK_AND_ASSIGN(fields, ReadCallFields({{"Connect-Timeout-Ms", "0005"}}));
  EXPECT_EQ(fields.timeout, absl::Milliseconds(5));
  for (const char* bad : {"", "0", "-5", "+5", "5s", "1.5", " 5", "0x5", "10000000000", "5, 6"}) {
    EXPECT_THAT(ReadCallFields({{"Connect-Timeout-Ms", bad}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Connect-Timeout-Ms")))
        << bad;
  }
}

TEST(ConnectRequestTest, KnowsOneVersion) {
  EXPECT_OK(ReadCallFields({{"Connect-Protocol-Version", "1"}}));
  for (const char* version : {"2", "", "1, 1", "one"}) {
    EXPECT_THAT(ReadCallFields({{"Connect-Protocol-Version", version}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Connect-Protocol-Version")))
        << version;
  }
}

TEST(ConnectRequestTest, RefusesCompressionAndNamesWhatIsSupported) {
  EXPECT_OK(ReadCallFields({{"Content-Encoding", "identity"}}));
  for (const char* encoding : {"gzip", "br", "identity, gzip"}) {
    EXPECT_THAT(ReadCallFields({{"Content-Encoding", encoding}}),
                StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("identity")))
        << encoding;
  }
}

TEST(ConnectRequestTest, PassesOnTheIdentityOfTheCall) {
  constexpr char kTrace[] = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
  ASSERT_OK_AND_ASSIGN(
      const CallFields fields,
      ReadCallFields({{"X-Request-Id", "my-id"}, {"traceparent", kTrace}, {"Authorization", "x"}}));
  EXPECT_EQ(fields.request_id, "my-id");
  EXPECT_THAT(fields.traceparent, StartsWith(std::string(kTrace).substr(0, 36)));
  // What could not be a header of gRPC is replaced.
  for (const char* bad : {"", "a b", "\xc3\xa4"}) {
    EXPECT_EQ(RequestIdOf({{"X-Request-Id", bad}}).size(), 32u) << bad;
  }
}

}  // namespace
}  // namespace lmsmail::gateway
