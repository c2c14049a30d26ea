#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"

#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/http_server/tls.h"
#include "libs/testing/certificates.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::http_server {
namespace {

namespace asio = boost::asio;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServerTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto certificate = MakeSelfSignedCertificate();
    folder_.Write("certificate.pem", certificate.certificate_pem);
    folder_.Write("key.pem", certificate.private_key_pem);
  }

  TlsFiles files() const {
    return {.certificate = folder_.path() / "certificate.pem", .key = folder_.path() / "key.pem"};
  }

  std::unique_ptr<Server> StartOrDie() {
    auto server = Server::Start({.tls = files()}, [](Request request, Responder responder) {
      responder.Send(Response::Text(200, std::move(request.body)));
    });
    EXPECT_OK(server);
    return *std::move(server);
  }

  // The response, or the error of the handshake.
  std::string Exchange(uint16_t port, asio::ssl::context& context, std::string_view request) {
    asio::io_context io;
    asio::ssl::stream<asio::ip::tcp::socket> stream(io, context);
    stream.lowest_layer().connect({asio::ip::address_v4::loopback(), port});
    boost::system::error_code error;
    stream.handshake(asio::ssl::stream_base::client, error);
    if (error) return error.message();
    asio::write(stream, asio::buffer(request.data(), request.size()));
    std::string response;
    asio::read(stream, asio::dynamic_buffer(response), error);
    return response;
  }

  TemporaryFolder folder_;
};

TEST_F(ServerTlsTest, ServesOverTls) {
  const auto server = StartOrDie();
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(files().certificate);
  context.set_verify_mode(asio::ssl::verify_peer);
  const std::string body(100'000, 'x');
  const std::string response =
      Exchange(server->port(), context,
               testing::PostRequest("/", {}, "first") +
                   testing::PostRequest("/", {{"Connection", "close"}}, body));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\n\r\nfirstHTTP/1.1 200"));
  EXPECT_THAT(response, EndsWith(body));
}

TEST_F(ServerTlsTest, RefusesOldProtocolsAndPlainText) {
  const auto server = StartOrDie();
  asio::ssl::context context(asio::ssl::context::tls_client);
  SSL_CTX_set_security_level(context.native_handle(), 0);
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
  EXPECT_THAT(Exchange(server->port(), context, ""), HasSubstr("protocol version"));
  testing::RawClient plain(server->port());
  EXPECT_EQ(plain.Exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 0);
}

TEST_F(ServerTlsTest, TakesOverFilesThatChangedUnlessTheyAreWrong) {
  ASSERT_OK_AND_ASSIGN(const auto tls, ServerTls::Create(files()));
  const auto certificate_at = [&](absl::Time now) {
    return X509_get_serialNumber(SSL_CTX_get0_certificate(tls->Current(now).native_handle()));
  };
  const absl::Time later = absl::Now() + 2 * ServerTls::kRefreshInterval;
  const std::int64_t first = ASN1_INTEGER_get(certificate_at(absl::Now()));
  folder_.Write("certificate.pem", "nonsense");
  EXPECT_EQ(ASN1_INTEGER_get(certificate_at(later)), first);
  SetUp();
  EXPECT_NE(ASN1_INTEGER_get(certificate_at(later + 2 * ServerTls::kRefreshInterval)), first);
}

TEST_F(ServerTlsTest, RefusesUnusableFiles) {
  const auto start = [](TlsFiles tls) { return Server::Start({.tls = std::move(tls)}, nullptr); };
  TlsFiles missing = files();
  missing.certificate += "x";
  EXPECT_THAT(start(missing),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tls.certificate")));
  TlsFiles swapped = files();
  swapped.key = swapped.certificate;
  EXPECT_THAT(start(swapped), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tls.key")));
  std::filesystem::permissions(files().key, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(start(files()), StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace lmsmail::http_server
