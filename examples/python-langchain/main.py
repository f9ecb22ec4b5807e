"""LangChain: a prompt, a model and a parser in a row, streamed."""

import sys

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_ollama import ChatOllama

prompt = ChatPromptTemplate.from_messages([("human", "{question}")])
model = ChatOllama(model="llama3.2", temperature=0, num_predict=24)
chain = prompt | model | StrOutputParser()

for piece in chain.stream({"question": " ".join(sys.argv[1:]) or "What is 2+2?"}):
    print(piece, end="", flush=True)
print()
