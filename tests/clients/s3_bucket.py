"""Makes a bucket of an S3 service, or lists one: s3_bucket.py make|list ENDPOINT BUCKET, keys from the environment."""

import json
import sys

import boto3
from botocore.config import Config

action, endpoint, bucket = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=Config(s3={"addressing_style": "path"}))
if action == "make":
    s3.create_bucket(Bucket=bucket)
    print(json.dumps({"made": bucket}))
else:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    print(json.dumps([item["Key"] for page in pages for item in page.get("Contents", [])]))
