"""From a launch to a score in the gradebook, over real HTTP, on both databases."""

from tests.stage import Stage


def test_a_reply_is_marked_and_its_score_stands_in_the_gradebook(stage: Stage) -> None:
    teacher = stage.launched("irena")
    stage.clockwork.read_rosters()
    teacher.post("posts/new", {"title": "A post", "body": "Some words.", "once": "a"})
    student = stage.launched("tom")
    assert student.post("posts/1/comments", {"body": "I agree with *this*.", "once": "b"}).status_code == 303
    page = student.get("posts/1").text
    assert "<em>this</em>" in page
    assert "Tom Okonkwo" in page

    queue = teacher.get("desk/queue").text
    assert "I agree with" in queue
    comment_id = queue.split("/desk/queue/")[1].split('"')[0]
    assert teacher.post(f"desk/queue/{comment_id}", {"mark": "2", "feedback": "Good."}).status_code == 303
    stage.send_scores()

    column = stage.school.column_of(1)
    grade = stage.school.grades(column.id)["tom"]
    assert grade.score == 1.33
    assert "Up to date" in teacher.get("gradebook").text
    assert "1.33" in student.get("my-participation").text
