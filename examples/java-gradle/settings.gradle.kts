rootProject.name = "ask"
