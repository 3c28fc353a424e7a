# A list of things to do, in outline. The program itself is simple_task_list.rs.

tasks = [Task("Eat"), Task("Sleep"), Task("Breathe", done=True)]

show("/", lambda: page(tasks))
show("/task/INDEX/toggle", lambda index: tasks[index].toggle())
