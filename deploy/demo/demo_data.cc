#include "deploy/demo/demo_data.h"

#include <fmt/format.h>

#include "libs/protobuf/time.h"
#include "libs/status/status_macros.h"

namespace lmsmail::demo {
namespace {

struct Person {
  const char* name;
  const char* language;
  const char* zone;
};

constexpr Person kPeople[kStudents] = {
    {"Zoë Lindqvist", "sv", "Europe/Stockholm"},
    {"Kwame Mensah", "en", "Africa/Accra"},
    {"Ana Lucía Ferreira", "pt", "America/Sao_Paulo"},
    {"Jürgen Weiß", "de", "Europe/Berlin"},
    {"Priya Raghunathan", "en", "Asia/Kolkata"},
    {"Haruto Tanaka", "ja", "Asia/Tokyo"},
    {"Siobhán O'Connor", "en", "Europe/Dublin"},
    {"Mateusz Wójcik", "pl", "Europe/Warsaw"},
    {"Nguyễn Thị Hoa", "vi", "Asia/Ho_Chi_Minh"},
    {"Chloé Dubois", "fr", "Europe/Paris"},
    {"Omar Haddad", "ar", "Asia/Beirut"},
    {"Ingrid Bjørnstad", "nb", "Europe/Oslo"},
    {"Luca Esposito", "it", "Europe/Rome"},
    {"Grace Achieng", "en", "Africa/Nairobi"},
    {"Dmytro Шевченко", "uk", "Europe/Kyiv"},
    {"Emily Carter", "en", "America/New_York"},
    {"Diego Ramírez", "es", "America/Mexico_City"},
    {"Aroha Ngata", "en", "Pacific/Auckland"},
    {"Elif Yılmaz", "tr", "Europe/Istanbul"},
    {"Sam Okafor", "en", "America/Los_Angeles"},
};

struct CourseSeed {
  const char* id;
  const char* title;
  const char* teacher;
  int lessons;
};

constexpr CourseSeed kCourses[] = {
    {"cpp-101", "C++ from the Ground Up", "Dr. Ines Albrecht", 24},
    {"watercolour", "Watercolour & Ink: First Steps", "Marisol Vega", 12},
    {"statistics", "Statistics Without Fear", "Tom Brannigan", 18},
};

// Each student takes one or two courses.
bool Takes(int student, int course) {
  return student % 3 == course || (student % 2 == 0 && (student + 1) % 3 == course);
}

absl::Status RegisterStudents(Suite& suite) {
  preference::v1::UpsertRecipientsRequest request;
  for (int i = 1; i <= kStudents; ++i) {
    const Person& person = kPeople[i - 1];
    auto& recipient = *request.add_recipients();
    recipient.set_name(Student(i));
    recipient.set_email_address(fmt::format("student-{:02}@students.example", i));
    recipient.set_display_name(person.name);
    recipient.set_language_code(person.language);
    recipient.set_time_zone(person.zone);
  }
  return Call(*suite.preferences,
              &preference::v1::PreferenceService::StubInterface::UpsertRecipients, request)
      .status();
}

absl::Status RegisterCourses(Suite& suite) {
  report::v1::UpsertCoursesRequest request;
  for (const CourseSeed& seed : kCourses) {
    auto& course = *request.add_courses();
    course.set_name(fmt::format("courses/{}", seed.id));
    course.set_title(seed.title);
    course.set_url(fmt::format("https://learn.example/courses/{}", seed.id));
    course.set_instructor_name(seed.teacher);
    course.set_lesson_count(seed.lessons);
  }
  return Call(*suite.reports, &report::v1::ReportService::StubInterface::UpsertCourses, request)
      .status();
}

class HistoryWriter {
 public:
  explicit HistoryWriter(absl::CivilDay monday) : monday_(monday) {}

  report::v1::Activity& Add(int student, const char* course, const std::string& fact, int day,
                            int hour) {
    auto& activity = *request_.add_activities();
    activity.set_activity_id(
        fmt::format("demo/{}/{}/{}/{}", absl::FormatCivilTime(monday_), student, course, fact));
    activity.set_student(Student(student));
    activity.set_course(fmt::format("courses/{}", course));
    *activity.mutable_activity_time() = protobuf::ToProto(
        absl::FromCivil(absl::CivilHour(monday_ + day) + hour, absl::UTCTimeZone()));
    return activity;
  }

  const report::v1::RecordActivityRequest& request() const { return request_; }

 private:
  const absl::CivilDay monday_;
  report::v1::RecordActivityRequest request_;
};

absl::Status RecordHistory(Suite& suite, absl::Time now) {
  const absl::CivilDay today = absl::ToCivilDay(now, absl::UTCTimeZone());
  const absl::CivilDay monday = absl::PrevWeekday(today + 1, absl::Weekday::monday) - 7;
  HistoryWriter history(monday);
  for (int student = 1; student <= kStudents; ++student) {
    for (int course = 0; course < 3; ++course) {
      if (!Takes(student, course)) continue;
      const CourseSeed& seed = kCourses[course];
      history.Add(student, seed.id, "enrolled", -14, 8).mutable_enrolled();
      if (student % 5 == 0) continue;  // no activity last week
      for (int lesson = 1; lesson <= 1 + student % 4; ++lesson) {
        const int day = (student + lesson) % 7;
        auto& done = *history.Add(student, seed.id, fmt::format("lesson-{}", lesson), day, 16)
                          .mutable_lesson_completed();
        done.set_lesson_id(fmt::format("lesson-{}", lesson));
        done.set_lesson_title(fmt::format("Lesson {}", lesson));
        history.Add(student, seed.id, fmt::format("watched-{}", lesson), day, 16)
            .mutable_watched()
            ->mutable_duration()
            ->set_seconds(60 * (12 + 3 * lesson));
      }
      auto& quiz = *history.Add(student, seed.id, "quiz-1", 5, 18).mutable_quiz_taken();
      quiz.set_quiz_id("quiz-1");
      quiz.set_passed(student % 4 != 0);
    }
  }
  return Call(*suite.reports, &report::v1::ReportService::StubInterface::RecordActivity,
              history.request())
      .status();
}

}  // namespace

std::string Student(int number) { return fmt::format("recipients/student-{:02}", number); }

absl::Status LoadDemoData(Suite& suite, absl::Time now) {
  LMSMAIL_RETURN_IF_ERROR(RegisterStudents(suite));
  LMSMAIL_RETURN_IF_ERROR(RegisterCourses(suite));
  return RecordHistory(suite, now);
}

}  // namespace lmsmail::demo
