#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/http_server/testing/raw_client.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
#include "tests/fakes/fake_server.h"

namespace lmsmail::fakes {

// A fake with a ledger, and a client that speaks to it.
class FakeTest : public ::testing::Test {
 protected:
  using RawResponse = http_server::testing::RawResponse;
  using RawClient = http_server::testing::RawClient;

  void StartFake(std::unique_ptr<Api> api) {
    FakeOptions options;
    options.ledger = folder_.path() / "ledger";
    auto fake = FakeServer::Start(options, std::move(api));
    ASSERT_OK(fake);
    fake_ = *std::move(fake);
  }

  RawResponse Post(std::string_view path, const http_server::Headers& headers,
                   std::string_view body) {
    RawClient client(fake_->port());
    return client.Exchange(http_server::testing::PostRequest(path, headers, body));
  }
  RawResponse Get(std::string_view path, std::string_view authorization) {
    RawClient client(fake_->port());
    return client.Exchange("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nAuthorization: " +
                           std::string(authorization) + "\r\n\r\n");
  }

  // Sets the failure plan.
  RawResponse Control(std::string_view plan) {
    RawClient client(fake_->control_port());
    return client.Exchange(http_server::testing::PostRequest("/control", {}, plan));
  }
  nlohmann::json Counters() {
    RawClient client(fake_->control_port());
    return nlohmann::json::parse(client.Exchange("GET /control HTTP/1.1\r\nHost: x\r\n\r\n").body);
  }

  std::vector<nlohmann::json> Ledger() {
    std::vector<nlohmann::json> lines;
    std::ifstream file(folder_.path() / "ledger");
    for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  TemporaryFolder folder_;
  std::unique_ptr<FakeServer> fake_;
};

}  // namespace lmsmail::fakes
