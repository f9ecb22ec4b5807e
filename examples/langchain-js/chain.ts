// A chain of prompt, model and parser; Ollama's usual port leads to the model beside the program.
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { ChatOllama } from "@langchain/ollama";

const sum: string = process.argv[2] ?? "2+2";
const prompt = ChatPromptTemplate.fromMessages([["human", "What is {sum}?"]]);
const model = new ChatOllama({ model: "llama3.2", temperature: 0, numPredict: 24 });
const chain = prompt.pipe(model).pipe(new StringOutputParser());
for await (const piece of await chain.stream({ sum })) process.stdout.write(piece);
console.log();
