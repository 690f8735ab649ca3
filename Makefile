# One word for each thing; ARGS="..." goes on to the program.
.PHONY: run test lint bench torture differential docs picture dist clean

tool = . tools/interpreter.sh && python=$$(find_interpreter) && exec "$$python" -E -s -S tools/run.py

run:    ## set up what is missing and start the server
	@./server $(ARGS)

test:   ## all checks and the whole suite, interpreted and compiled
	@./test $(ARGS)

lint:   ## the checks alone: ruff, mypy, and whether mypyc accepts the sources
	@./test --lint

bench:  ## measure the compiled build
	@$(tool) bench $(ARGS)

torture: ## crash tests for long: kills, power cuts, histories; ARGS="--help" says which
	@$(tool) torture $(ARGS)

differential: ## a million random commands to kvik and to redis-server; ARGS="--help" says how
	@$(tool) differential $(ARGS)

docs:   ## write docs/commands.md from the command table
	@$(tool) docs

picture: ## draw docs/pictures/telnet.svg: a session with a real telnet
	@$(tool) picture

dist:   ## dist/kvik-VERSION.tar.gz and .zip
	@$(tool) dist

clean:  ## remove everything that was made here
	rm -rf build dist .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov src/*.egg-info
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
