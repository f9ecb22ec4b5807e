{-# LANGUAGE OverloadedStrings #-}
-- Asks a model that speaks OpenAI's API, with http-conduit and aeson.
module Main (main) where

import Data.Aeson (FromJSON (..), Value, object, withArray, withObject, (.:), (.=))
import Data.Aeson.Types (Parser)
import Data.Foldable (toList)
import Data.Maybe (fromMaybe)
import Data.Text (Text)
import qualified Data.Text as Text
import qualified Data.Text.IO as Text
import Network.HTTP.Simple
import System.Environment (getArgs, lookupEnv)

newtype Answer = Answer Text

instance FromJSON Answer where
  parseJSON = withObject "completion" $ \reply -> reply .: "choices" >>= withArray "choices" (first . toList)
   where
    first :: [Value] -> Parser Answer
    first [] = fail "no choice"
    first (choice : _) = withObject "choice" (\one -> one .: "message" >>= (.: "content")) choice >>= pure . Answer

main :: IO ()
main = do
  words' <- getArgs
  base <- fromMaybe "http://127.0.0.1:11434/v1" <$> lookupEnv "OPENAI_BASE_URL"
  let question = if null words' then "What is the capital of France?" else unwords words'
      body =
        object
          [ "model" .= ("gpt-4o-mini" :: Text)
          , "messages" .= [object ["role" .= ("user" :: Text), "content" .= Text.pack question]]
          , "temperature" .= (0 :: Int)
          , "max_tokens" .= (24 :: Int)
          ]
  request <- parseRequestThrow ("POST " ++ base ++ "/chat/completions")
  reply <- httpJSON (setRequestBodyJSON body request)
  let Answer text = getResponseBody reply
  Text.putStrLn text
