-- Run once by the Postgres image: LiteLLM keeps its tables in a database of its own.
create database litellm;
