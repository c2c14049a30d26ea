#include "tests/chaos/provider.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <utility>

#include "libs/status/status_macros.h"

namespace lmsmail::chaos {

using nlohmann::json;

absl::StatusOr<std::unique_ptr<Provider>> Provider::Start(std::string_view kind,
                                                          std::filesystem::path folder,
                                                          std::string_view refused_address) {
  LMSMAIL_ASSIGN_OR_RETURN(
      auto fake, integration::FakeProvider::Start(
                     kind, folder, {fmt::format("--refused_recipients={}", refused_address)}));
  return std::unique_ptr<Provider>(new Provider(std::move(fake), folder / "ledger"));
}

absl::Status Provider::Fail(std::string_view plan) { return fake_.Fail(json::parse(plan)); }

absl::Status Provider::StopFailing() { return Fail(R"({"mode":"none"})"); }

absl::StatusOr<std::map<std::string, std::int64_t>> Provider::Answers() {
  LMSMAIL_ASSIGN_OR_RETURN(const json statistics, fake_.Statistics());
  return statistics["by_status"].get<std::map<std::string, std::int64_t>>();
}

absl::Status Provider::ReadOn() {
  std::ifstream file(ledger_, std::ios::binary);
  file.seekg(read_);
  std::string text(std::istreambuf_iterator<char>(file), {});
  text.resize(text.rfind('\n') + 1);  // the rest is still being written
  read_ += static_cast<std::streamoff>(text.size());
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const json mail = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!mail.is_object() || mail["id"].get<std::string>().size() < 2) {
      return absl::InternalError(
          fmt::format("malformed line in the ledger of the provider: \"{}\"", line));
    }
    // Ours is the header, with "<" and ">".
    const auto id = mail["id"].get<std::string>();
    received_.push_back({.time = absl::FromUnixMicros(mail["time_us"].get<std::int64_t>()),
                         .answered = mail["answered"].get<bool>(),
                         .message_id = id.substr(1, id.size() - 2),
                         .recipient = mail["recipient"].get<std::string>()});
    begin = end + 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> Provider::Count() {
  absl::MutexLock lock(&mutex_);
  LMSMAIL_RETURN_IF_ERROR(ReadOn());
  return static_cast<std::int64_t>(received_.size());
}

absl::StatusOr<std::vector<Received>> Provider::Ledger() {
  absl::MutexLock lock(&mutex_);
  LMSMAIL_RETURN_IF_ERROR(ReadOn());
  return received_;
}

}  // namespace lmsmail::chaos
